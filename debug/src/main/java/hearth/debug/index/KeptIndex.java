// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.index;

import hearth.debug.dwarf.Dwarf;
import hearth.debug.dwarf.Unit;
import java.io.ByteArrayOutputStream;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.RandomAccess;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An index as it is kept: columns of numbers, read in one piece each, and strings that are made
 * when they are asked for. Strings are sorted by their hash codes and known by their place, so that
 * what has a name is found by halving; a start reads of an index little more than it needs.
 */
final class KeptIndex implements Index {
  private static final int COUNTS = 10;

  private final List<Unit> units;
  private final int[] stringHashes;
  private final int[] stringStarts;
  private final byte[] stringBytes;
  private final @Nullable String[] strings;
  private final int[] functionName;
  private final long[] functionLow;
  private final long[] functionHigh;
  private final int[] functionUnit;
  private final int[] functionEntry;
  private final int[] functionsByName;
  private final int[] copyName;
  private final long[] copyLow;
  private final int[] copyOuter;
  private final int[] copyEntry;
  private final Column variables;
  private final Column constants;
  private final int[] typeName;
  private final int[] typeEntry;
  private final long[] runtimeTypeOffset;
  private final int[] runtimeTypeEntry;
  private final int[] fileStarts;
  private final int[] fileName;
  private final List<Function> functions;

  /** What is made when it is asked for, once. */
  private static final class Lazily<T> extends AbstractList<T> implements RandomAccess {
    private final @Nullable Object[] made;
    private final IntFunction<T> maker;

    Lazily(int size, IntFunction<T> maker) {
      made = new @Nullable Object[size];
      this.maker = maker;
    }

    @Override
    @SuppressWarnings("unchecked")
    public T get(int i) {
      Object known = made[i];
      if (known != null) {
        return (T) known;
      }
      synchronized (made) {
        known = made[i];
        if (known == null) {
          known = maker.apply(i);
          made[i] = known;
        }
        return (T) known;
      }
    }

    @Override
    public int size() {
      return made.length;
    }
  }

  /** Variables or constants. */
  private final class Column {
    private final int[] name;
    private final int[] entry;
    private final long[] value;
    private final int[] byName;

    Column(ByteBuffer body, int count) {
      name = ints(body, count);
      entry = ints(body, count);
      value = longs(body, count);
      byName = ints(body, count);
    }

    Named get(int i) {
      return new Named(string(name[i]), entry[i], value[i]);
    }

    List<Named> all() {
      return new Lazily<>(name.length, this::get);
    }

    @Nullable Named first(String wanted) {
      int number = number(wanted);
      int at = number < 0 ? byName.length : lowest(byName.length, i -> name[byName[i]], number);
      return at < byName.length && name[byName[at]] == number ? get(byName[at]) : null;
    }
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException if it is one of other units, or claims more than it has
   */
  KeptIndex(ByteBuffer body, List<Unit> units) {
    this.units = units;
    body.order(ByteOrder.LITTLE_ENDIAN);
    int[] counts = ints(body, COUNTS);
    if (counts[0] != units.size()) {
      throw new IllegalArgumentException("an index of other units");
    }
    stringHashes = ints(body, counts[1]);
    stringStarts = ints(body, counts[1] + 1);
    stringBytes = new byte[counts[2]];
    body.get(stringBytes);
    strings = new @Nullable String[counts[1]];
    functionName = ints(body, counts[3]);
    functionLow = longs(body, counts[3]);
    functionHigh = longs(body, counts[3]);
    functionUnit = ints(body, counts[3]);
    functionEntry = ints(body, counts[3]);
    functionsByName = ints(body, counts[3]);
    copyName = ints(body, counts[4]);
    copyLow = longs(body, counts[4]);
    copyOuter = ints(body, counts[4]);
    copyEntry = ints(body, counts[4]);
    variables = new Column(body, counts[5]);
    constants = new Column(body, counts[6]);
    typeName = ints(body, counts[7]);
    typeEntry = ints(body, counts[7]);
    runtimeTypeOffset = longs(body, counts[8]);
    runtimeTypeEntry = ints(body, counts[8]);
    fileStarts = ints(body, counts[0] + 1);
    fileName = ints(body, counts[9]);
    functions = new Lazily<>(functionName.length, this::function);
  }

  private static void claim(ByteBuffer body, int count, int size) {
    if (count < 0 || (long) count * size > body.remaining()) {
      throw new IllegalArgumentException("an index claims " + count + " entries");
    }
  }

  private static int[] ints(ByteBuffer body, int count) {
    claim(body, count, 4);
    int[] values = new int[count];
    body.asIntBuffer().get(values);
    body.position(body.position() + 4 * count);
    return values;
  }

  private static long[] longs(ByteBuffer body, int count) {
    claim(body, count, 8);
    long[] values = new long[count];
    body.asLongBuffer().get(values);
    body.position(body.position() + 8 * count);
    return values;
  }

  private String string(int number) {
    String known = strings[number];
    if (known == null) {
      int start = stringStarts[number];
      int length = stringStarts[number + 1] - start;
      known = new String(stringBytes, start, length, StandardCharsets.UTF_8);
      strings[number] = known;
    }
    return known;
  }

  /** The number of a string, or -1 if it is not here. */
  private int number(String text) {
    byte[] wanted = text.getBytes(StandardCharsets.UTF_8);
    int hash = text.hashCode();
    int at = lowest(stringHashes.length, i -> stringHashes[i], hash);
    for (; at < stringHashes.length && stringHashes[at] == hash; at++) {
      boolean same =
          Arrays.equals(
              stringBytes, stringStarts[at], stringStarts[at + 1], wanted, 0, wanted.length);
      if (same) {
        return at;
      }
    }
    return -1;
  }

  /** The first place whose number is not below another; numbers ascend. */
  private static int lowest(int count, IntToLongFunction numbers, int wanted) {
    return Index.upTo(count, numbers, wanted - 1L);
  }

  private Function function(int i) {
    int unit = functionUnit[i];
    int entry = functionEntry[i];
    return new Function(
        string(functionName[i]),
        functionLow[i],
        functionHigh[i],
        unit < 0 ? null : units.get(unit),
        entry < 0 ? ~entry : entry,
        entry < 0);
  }

  @Override
  public List<Function> functions() {
    return functions;
  }

  @Override
  public List<Function> functions(String name) {
    int number = number(name);
    if (number < 0) {
      return List.of();
    }
    List<Function> result = new ArrayList<>(1);
    int at = lowest(functionsByName.length, i -> functionName[functionsByName[i]], number);
    for (; at < functionsByName.length && functionName[functionsByName[at]] == number; at++) {
      result.add(functions.get(functionsByName[at]));
    }
    return result;
  }

  @Override
  public @Nullable Function before(long pc) {
    int count = Index.upTo(functionLow.length, i -> functionLow[i], pc);
    return count == 0 ? null : functions.get(count - 1);
  }

  @Override
  public List<InlinedCopy> copies(String name) {
    int number = number(name);
    if (number < 0) {
      return List.of();
    }
    List<InlinedCopy> result = new ArrayList<>();
    int at = lowest(copyName.length, i -> copyName[i], number);
    for (; at < copyName.length && copyName[at] == number; at++) {
      result.add(new InlinedCopy(name, copyLow[at], functions.get(copyOuter[at]), copyEntry[at]));
    }
    return result;
  }

  @Override
  public Set<String> copied() {
    return names(copyName);
  }

  private Set<String> names(int[] sorted) {
    Set<String> result = new LinkedHashSet<>();
    for (int i = 0; i < sorted.length; i++) {
      if (i == 0 || sorted[i] != sorted[i - 1]) {
        result.add(string(sorted[i]));
      }
    }
    return result;
  }

  @Override
  public List<Named> variables() {
    return variables.all();
  }

  @Override
  public @Nullable Named variable(String name) {
    return variables.first(name);
  }

  @Override
  public List<Named> constants() {
    return constants.all();
  }

  @Override
  public @Nullable Named constant(String name) {
    return constants.first(name);
  }

  @Override
  public int type(String name) {
    int number = number(name);
    int at = number < 0 ? -1 : Arrays.binarySearch(typeName, number);
    return at < 0 ? -1 : typeEntry[at];
  }

  @Override
  public Set<String> types() {
    return names(typeName);
  }

  @Override
  public int runtimeType(long offset) {
    int at = Arrays.binarySearch(runtimeTypeOffset, offset);
    return at < 0 ? -1 : runtimeTypeEntry[at];
  }

  @Override
  public List<String> files(int unit) {
    List<String> result = new ArrayList<>();
    for (int i = fileStarts[unit]; i < fileStarts[unit + 1]; i++) {
      result.add(string(fileName[i]));
    }
    return result;
  }

  // Writing

  /** Collects the strings, then writes columns. */
  private static final class Writer {
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<String> strings = new ArrayList<>();
    private int[] places = new int[0];
    private ByteBuffer out = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);

    /** Numbers of names in the order in which they came, until {@link #place} says their places. */
    <T> int[] names(Collection<T> all, java.util.function.Function<T, String> name) {
      int[] result = new int[all.size()];
      int i = 0;
      for (T one : all) {
        String text = name.apply(one);
        Integer known = numbers.putIfAbsent(text, strings.size());
        if (known == null) {
          strings.add(text);
        }
        result[i++] = known == null ? strings.size() - 1 : known;
      }
      return result;
    }

    /** Sorts the strings by their hash codes; there are no more to come. */
    int[] sorted() {
      int[] order = order(strings.stream().mapToInt(String::hashCode).toArray());
      places = new int[order.length];
      for (int i = 0; i < order.length; i++) {
        places[order[i]] = i;
      }
      return order;
    }

    /** Gives names the numbers that are kept. */
    int[] place(int[] names) {
      for (int i = 0; i < names.length; i++) {
        names[i] = places[names[i]];
      }
      return names;
    }

    private void room(long size) {
      if (size > Integer.MAX_VALUE - 64 - out.position()) {
        throw new BufferOverflowException(); // no program is so large
      }
      if (out.remaining() < size) {
        int larger = (int) Math.min(Integer.MAX_VALUE - 64, (out.position() + size) * 3 / 2);
        out = ByteBuffer.allocate(larger).order(ByteOrder.LITTLE_ENDIAN).put(out.flip());
      }
    }

    void ints(IntStream values) {
      int[] all = values.toArray();
      room(4L * all.length);
      out.asIntBuffer().put(all);
      out.position(out.position() + 4 * all.length);
    }

    void longs(java.util.stream.LongStream values) {
      long[] all = values.toArray();
      room(8L * all.length);
      out.asLongBuffer().put(all);
      out.position(out.position() + 8 * all.length);
    }

    void bytes(byte[] all) {
      room(all.length);
      out.put(all);
    }

    void named(int[] names, List<Named> all) {
      ints(IntStream.of(names));
      ints(all.stream().mapToInt(Named::entry));
      longs(all.stream().mapToLong(Named::value));
      ints(IntStream.of(order(names)));
    }
  }

  /** Places by ascending numbers at them; of those with one number the first comes first. */
  private static int[] order(int[] numbers) {
    long[] keys = new long[numbers.length];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = ((long) numbers[i] << 32) | i;
    }
    Arrays.parallelSort(keys);
    return Arrays.stream(keys).mapToInt(k -> (int) k).toArray();
  }

  /** An index in the form in which it is kept. */
  static ByteBuffer bytes(FreshIndex index, Dwarf dwarf) {
    Writer w = new Writer();
    int units = dwarf.units().size();
    int[] fileStarts = new int[units + 1];
    List<String> files = new ArrayList<>();
    for (int i = 0; i < units; i++) {
      files.addAll(index.files(i));
      fileStarts[i + 1] = files.size();
    }
    int[] functionNames = w.names(index.functions, Function::name);
    int[] copyNames = w.names(index.copies, InlinedCopy::name);
    int[] variableNames = w.names(index.variables, Named::name);
    int[] constantNames = w.names(index.constants, Named::name);
    List<Map.Entry<String, Integer>> types = new ArrayList<>(index.types.entrySet());
    int[] typeNames = w.names(types, Map.Entry::getKey);
    int[] fileNames = w.names(files, f -> f);
    int[] order = w.sorted();
    int[] starts = new int[order.length + 1];
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 20);
    for (int i = 0; i < order.length; i++) {
      bytes.writeBytes(w.strings.get(order[i]).getBytes(StandardCharsets.UTF_8));
      starts[i + 1] = bytes.size();
    }
    w.ints(
        IntStream.of(
            units,
            order.length,
            bytes.size(),
            index.functions.size(),
            index.copies.size(),
            index.variables.size(),
            index.constants.size(),
            types.size(),
            index.runtimeTypes.size(),
            files.size()));
    w.ints(IntStream.of(order).map(i -> w.strings.get(i).hashCode()));
    w.ints(IntStream.of(starts));
    w.bytes(bytes.toByteArray());
    functions(w, w.place(functionNames), index.functions, dwarf);
    copies(w, w.place(copyNames), index);
    w.named(w.place(variableNames), index.variables);
    w.named(w.place(constantNames), index.constants);
    w.place(typeNames);
    int[] typeOrder = order(typeNames);
    w.ints(IntStream.of(typeOrder).map(i -> typeNames[i]));
    w.ints(IntStream.of(typeOrder).map(i -> types.get(i).getValue()));
    List<Map.Entry<Long, Integer>> descriptors = new ArrayList<>(index.runtimeTypes.entrySet());
    descriptors.sort(Map.Entry.comparingByKey());
    w.longs(descriptors.stream().mapToLong(Map.Entry::getKey));
    w.ints(descriptors.stream().mapToInt(Map.Entry::getValue));
    w.ints(IntStream.of(fileStarts));
    w.ints(IntStream.of(w.place(fileNames)));
    return w.out.flip();
  }

  private static void functions(Writer w, int[] names, List<Function> functions, Dwarf dwarf) {
    IdentityHashMap<Unit, Integer> units = new IdentityHashMap<>();
    dwarf.units().forEach(u -> units.put(u, units.size()));
    w.ints(IntStream.of(names));
    w.longs(functions.stream().mapToLong(Function::low));
    w.longs(functions.stream().mapToLong(Function::high));
    w.ints(
        functions.stream()
            .mapToInt(f -> {
              Unit unit = f.unit();
              return unit == null ? -1 : units.getOrDefault(unit, -1);
            }));
    w.ints(functions.stream().mapToInt(f -> f.trampoline() ? ~f.entry() : f.entry()));
    w.ints(IntStream.of(order(names)));
  }

  private static void copies(Writer w, int[] names, FreshIndex index) {
    IdentityHashMap<Function, Integer> places = new IdentityHashMap<>();
    index.functions.forEach(f -> places.put(f, places.size()));
    int[] order = order(names);
    List<InlinedCopy> copies = new ArrayList<>(order.length);
    for (int i : order) {
      copies.add(index.copies.get(i));
    }
    w.ints(IntStream.of(order).map(i -> names[i]));
    w.longs(copies.stream().mapToLong(InlinedCopy::low));
    w.ints(copies.stream().mapToInt(c -> places.getOrDefault(c.outer(), 0)));
    w.ints(copies.stream().mapToInt(InlinedCopy::entry));
  }
}
