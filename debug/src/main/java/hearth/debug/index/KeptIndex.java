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
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.RandomAccess;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An index as it is kept: columns of numbers, read in one piece each, and strings that are made
 * when they are asked for. Strings are sorted and known by their place, so that what has a name is
 * found by halving; a start reads of an index little more than it needs.
 */
final class KeptIndex implements Index {
  private static final int COUNTS = 10;

  private final List<Unit> units;
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

  /** The value of a column at a place. */
  @FunctionalInterface
  private interface At {
    int value(int place);
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
    int low = 0;
    int high = strings.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      int order =
          Arrays.compareUnsigned(
              stringBytes,
              stringStarts[middle],
              stringStarts[middle + 1],
              wanted,
              0,
              wanted.length);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return -1;
  }

  /** The first place whose value is not below another. */
  private static int lowest(int count, At column, int wanted) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (column.value(middle) < wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
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
    int low = 0;
    int high = functionLow.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (functionLow[middle] <= pc) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == 0 ? null : functions.get(low - 1);
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
    private ByteBuffer out = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);

    void name(String text) {
      numbers.putIfAbsent(text, 0);
    }

    /** Numbers the strings in the order of their bytes, and writes them. */
    byte[] strings(int[] starts) {
      record Encoded(String text, byte[] bytes) {}
      List<Encoded> all = new ArrayList<>(numbers.size());
      numbers.keySet().forEach(s -> all.add(new Encoded(s, s.getBytes(StandardCharsets.UTF_8))));
      all.sort((a, b) -> Arrays.compareUnsigned(a.bytes, b.bytes));
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 20);
      for (int i = 0; i < starts.length - 1; i++) {
        Encoded string = all.get(i);
        numbers.put(string.text, i);
        bytes.writeBytes(string.bytes);
        starts[i + 1] = bytes.size();
      }
      return bytes.toByteArray();
    }

    int number(String text) {
      return numbers.getOrDefault(text, 0);
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

    /** Places of a list, by the names at them; of those with one name the first comes first. */
    <T> void byName(List<T> all, java.util.function.Function<T, String> name) {
      int[] numbers = all.stream().mapToInt(t -> number(name.apply(t))).toArray();
      ints(
          IntStream.range(0, numbers.length)
              .boxed()
              .sorted(Comparator.comparingInt(i -> numbers[i]))
              .mapToInt(i -> i));
    }

    void named(List<Named> all) {
      ints(all.stream().mapToInt(n -> number(n.name())));
      ints(all.stream().mapToInt(Named::entry));
      longs(all.stream().mapToLong(Named::value));
      byName(all, Named::name);
    }
  }

  /** An index in the form in which it is kept. */
  static ByteBuffer bytes(FreshIndex index, Dwarf dwarf) {
    Writer w = new Writer();
    index.functions.forEach(f -> w.name(f.name()));
    index.copies.forEach(c -> w.name(c.name()));
    index.variables.forEach(n -> w.name(n.name()));
    index.constants.forEach(n -> w.name(n.name()));
    index.types.keySet().forEach(w::name);
    index.files.forEach(files -> files.forEach(w::name));
    int[] starts = new int[w.numbers.size() + 1];
    byte[] strings = w.strings(starts);
    int units = dwarf.units().size();
    int[] fileStarts = new int[units + 1];
    for (int i = 0; i < units; i++) {
      fileStarts[i + 1] = fileStarts[i] + index.files(i).size();
    }
    w.ints(
        IntStream.of(
            units,
            starts.length - 1,
            strings.length,
            index.functions.size(),
            index.copies.size(),
            index.variables.size(),
            index.constants.size(),
            index.types.size(),
            index.runtimeTypes.size(),
            fileStarts[units]));
    w.ints(IntStream.of(starts));
    w.bytes(strings);
    functions(w, index.functions, dwarf);
    copies(w, index);
    w.named(index.variables);
    w.named(index.constants);
    List<Map.Entry<String, Integer>> types = new ArrayList<>(index.types.entrySet());
    types.sort(Comparator.comparingInt(e -> w.number(e.getKey())));
    w.ints(types.stream().mapToInt(e -> w.number(e.getKey())));
    w.ints(types.stream().mapToInt(Map.Entry::getValue));
    List<Map.Entry<Long, Integer>> descriptors = new ArrayList<>(index.runtimeTypes.entrySet());
    descriptors.sort(Map.Entry.comparingByKey());
    w.longs(descriptors.stream().mapToLong(Map.Entry::getKey));
    w.ints(descriptors.stream().mapToInt(Map.Entry::getValue));
    w.ints(IntStream.of(fileStarts));
    w.ints(
        IntStream.range(0, units)
            .boxed()
            .flatMap(i -> index.files(i).stream())
            .mapToInt(w::number));
    return w.out.flip();
  }

  private static void functions(Writer w, List<Function> functions, Dwarf dwarf) {
    IdentityHashMap<Unit, Integer> units = new IdentityHashMap<>();
    dwarf.units().forEach(u -> units.put(u, units.size()));
    w.ints(functions.stream().mapToInt(f -> w.number(f.name())));
    w.longs(functions.stream().mapToLong(Function::low));
    w.longs(functions.stream().mapToLong(Function::high));
    w.ints(
        functions.stream()
            .mapToInt(f -> {
              Unit unit = f.unit();
              return unit == null ? -1 : units.getOrDefault(unit, -1);
            }));
    w.ints(functions.stream().mapToInt(f -> f.trampoline() ? ~f.entry() : f.entry()));
    w.byName(functions, Function::name);
  }

  private static void copies(Writer w, FreshIndex index) {
    IdentityHashMap<Function, Integer> places = new IdentityHashMap<>();
    index.functions.forEach(f -> places.put(f, places.size()));
    List<InlinedCopy> copies = new ArrayList<>(index.copies);
    copies.sort(Comparator.comparingInt(c -> w.number(c.name())));
    w.ints(copies.stream().mapToInt(c -> w.number(c.name())));
    w.longs(copies.stream().mapToLong(InlinedCopy::low));
    w.ints(copies.stream().mapToInt(c -> places.getOrDefault(c.outer(), 0)));
    w.ints(copies.stream().mapToInt(InlinedCopy::entry));
  }
}
