// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Dw;
import hearth.debug.goruntime.GoType.Field;
import hearth.debug.index.Function;
import hearth.debug.target.Memory;
import hearth.debug.target.UnreadableException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads what variables hold, within limits. Memory that cannot be read makes a variable unreadable,
 * and only that. For the owner of the target.
 */
public final class Loader {
  private static final int MAX_ERRORS = 3;
  private static final int CACHED = 1 << 16;
  private static final long SECONDS_TO_1885 = -2_682_374_400L;
  private static final long SECONDS_TO_YEAR_1 = -62_135_596_800L;

  private final GoProcess process;

  /** For the values of one process. */
  public Loader(GoProcess process) {
    this.process = process;
  }

  /** Memory that was read at once, in front of the rest. */
  private record Cached(Memory rest, long start, byte[] bytes) implements Memory {
    @Override
    public void read(long address, byte[] into, int offset, int count) {
      long at = address - start;
      if (at >= 0 && at <= bytes.length - count) {
        System.arraycopy(bytes, (int) at, into, offset, count);
      } else {
        rest.read(address, into, offset, count);
      }
    }

    @Override
    public void write(long address, byte[] written) {
      rest.write(address, written);
    }
  }

  private static Memory cache(Memory memory, long address, long size) {
    if (memory instanceof Cached c
        && address >= c.start
        && address + size <= c.start + c.bytes.length) {
      return memory;
    }
    if (size <= 0 || size > CACHED) {
      return memory;
    }
    try {
      Memory rest = memory instanceof Cached c ? c.rest : memory;
      return new Cached(rest, address, memory.bytes(address, (int) size));
    } catch (UnreadableException e) {
      return memory;
    }
  }

  /** A variable at an address; length and base are read where its type has them. */
  public Variable variable(String name, long address, GoType type, Memory memory) {
    Variable v = new Variable(name, address, type, memory);
    prepare(v);
    return v;
  }

  /** Reads what a string, slice, array or channel tells of itself. */
  public void prepare(Variable v) {
    if (v.unreadable != null || v.address == 0) {
      if (v.kind == Kind.ARRAY) {
        v.length = v.type.count();
        v.capacity = v.length;
      }
      return;
    }
    try {
      switch (v.kind) {
        case STRING -> {
          v.base = v.memory.u64(v.address);
          v.length = v.memory.u64(v.address + 8);
        }
        case SLICE -> {
          v.base = v.memory.u64(v.address);
          v.length = v.memory.u64(v.address + 8);
          v.capacity = v.memory.u64(v.address + 16);
        }
        case ARRAY -> {
          v.base = v.address;
          v.length = v.type.count();
          v.capacity = v.length;
        }
        case CHAN -> v.base = v.memory.u64(v.address);
        default -> {}
      }
    } catch (UnreadableException e) {
      v.unreadable = e.getMessage();
    }
  }

  /** Memory that pointers of a variable lead into. */
  private Memory pointed(Memory memory) {
    return memory instanceof Pieces ? process.memory() : memory;
  }

  /** The variable that a pointer leads to; anything else is itself. */
  public Variable dereference(Variable v) {
    if (v.unreadable != null || v.kind != Kind.POINTER) {
      return v;
    }
    if ((v.address == 0 || v.is(Variable.FAKE_ADDRESS)) && v.loaded && v.children.size() == 1) {
      return v.children.getFirst();
    }
    GoType element = v.type.element();
    if (element == null) {
      return v;
    }
    try {
      long address = v.memory.u64(v.address);
      return variable("", address, element, pointed(v.memory));
    } catch (UnreadableException e) {
      Variable broken = new Variable("", 0, element, v.memory);
      broken.unreadable = e.getMessage();
      return broken;
    }
  }

  /** A field of a structure. */
  public Variable field(Variable v, Field field) {
    String name = v.name.isEmpty() ? "" : v.name + "." + field.name();
    Variable made = new Variable(name, v.address + field.offset(), field.type(), v.memory);
    made.unreadable = v.unreadable;
    prepare(made);
    return made;
  }

  /** An element of an array, a slice or a string. */
  public Variable element(Variable v, long index) {
    GoType element = v.type.element();
    GoType type = element == null ? process.types().basic(Kind.UINT8) : element;
    Memory memory = v.kind == Kind.ARRAY ? v.memory : pointed(v.memory);
    return variable("", v.base + index * stride(v), type, memory);
  }

  /** Bytes from one element to the next. */
  public static long stride(Variable v) {
    GoType element = v.type.element();
    if (element == null) {
      return 1;
    }
    if (v.kind == Kind.ARRAY && v.type.count() > 0) {
      return v.type.size() / v.type.count();
    }
    return element.size();
  }

  /** Reads a variable. */
  public void load(Variable v, LoadLimits limits) {
    load(v, 0, limits);
  }

  private void load(Variable v, int level, LoadLimits limits) {
    if (v.unreadable != null || v.loaded || (v.address == 0 && v.base == 0)) {
      return;
    }
    v.loaded = true;
    try {
      read(v, level, limits);
    } catch (UnreadableException e) {
      v.unreadable = e.getMessage();
    }
  }

  private void read(Variable v, int level, LoadLimits limits) {
    switch (v.kind) {
      case POINTER, UNSAFE_POINTER -> pointer(v, level, limits);
      case CHAN -> channel(v);
      case MAP -> map(v, level, limits);
      case STRING -> {
        if (v.length < 0) {
          v.unreadable = "invalid length: " + v.length;
          return;
        }
        long count = Math.min(v.length, limits.stringLength());
        byte[] bytes = count == 0 ? new byte[0] : pointed(v.memory).bytes(v.base, (int) count);
        v.value = new String(bytes, StandardCharsets.ISO_8859_1);
      }
      case SLICE, ARRAY -> array(v, level, limits);
      case STRUCT -> structure(v, level, limits);
      case INTERFACE -> contents(v, level, true, limits);
      case COMPLEX64 -> v.value = new double[] {single(v, 0), single(v, 4)};
      case COMPLEX128 -> v.value = new double[] {real(v, 0), real(v, 8)};
      case FLOAT32 -> v.value = single(v, 0);
      case FLOAT64 -> v.value = real(v, 0);
      case BOOL -> v.value = v.memory.u8(v.address) != 0;
      case FUNC -> function(v, level, limits);
      case INT, INT8, INT16, INT32, INT64 -> {
        int size = (int) v.type.size();
        long raw = v.memory.unsigned(v.address, size);
        int shift = 64 - 8 * size;
        v.value = BigInteger.valueOf(raw << shift >> shift);
      }
      case UINT, UINT8, UINT16, UINT32, UINT64, UINTPTR ->
          v.value = unsigned(v.memory.unsigned(v.address, (int) v.type.size()));
      case INVALID -> v.unreadable = "unknown or unsupported kind: \"invalid\"";
    }
  }

  /** A number of 64 bits without sign. */
  public static BigInteger unsigned(long value) {
    return value >= 0
        ? BigInteger.valueOf(value)
        : BigInteger.valueOf(value).add(BigInteger.ONE.shiftLeft(64));
  }

  private static double single(Variable v, int at) {
    return Float.intBitsToFloat((int) v.memory.u32(v.address + at));
  }

  private static double real(Variable v, int at) {
    return Double.longBitsToDouble(v.memory.u64(v.address + at));
  }

  private void pointer(Variable v, int level, LoadLimits limits) {
    if (v.children.isEmpty()) {
      GoType element = v.type.element();
      long to = v.memory.u64(v.address);
      Variable child =
          variable(
              "", to, element == null ? process.types().nothing() : element, pointed(v.memory));
      v.length = 1;
      v.children.add(child);
      v.value = unsigned(to);
    }
    Variable child = v.children.getFirst();
    if (!limits.followPointers()) {
      child.onlyAddress = true;
      return;
    }
    if (v.kind == Kind.UNSAFE_POINTER) {
      return;
    }
    if (child.kind == Kind.INTERFACE) {
      load(child, level + 1, limits);
    } else if (child.kind == Kind.POINTER) {
      if (level > limits.recursion()) {
        child.onlyAddress = true;
      } else {
        load(child, level + 1, limits);
      }
    } else {
      load(child, level, limits);
    }
  }

  private void channel(Variable v) {
    if (v.base == 0) {
      return;
    }
    GoType pointer = v.type.resolved().structure();
    GoType structure = pointer.element();
    if (structure == null) {
      structure = pointer;
    }
    Variable header = new Variable("", v.base, structure, pointed(v.memory));
    Field size = structure.field("dataqsiz");
    GoType element = v.type.element();
    List<Field> fields = new ArrayList<>();
    for (Field f : structure.fields()) {
      if (f.name().equals("buf") && size != null && element != null) {
        long count = header.memory.u64(v.base + size.offset());
        GoType buffer = process.types().arrayOf(element, Math.clamp(count, 0, 1 << 20));
        GoType type = process.types().pointerTo(buffer);
        fields.add(new Field(f.name(), type, f.offset(), f.embedded()));
      } else {
        fields.add(f);
      }
    }
    for (Field f : fields) {
      Variable child = field(header, f);
      child.name = f.name();
      load(child, 1, LoadLimits.FULL);
      v.children.add(child);
    }
    v.length = v.children.size();
  }

  private void map(Variable v, int level, LoadLimits limits) {
    SwissMap reader = new SwissMap(this, v);
    v.base = reader.address();
    v.length = reader.length();
    if (level > limits.recursion() || v.length == 0 || limits.arrayValues() == 0) {
      return;
    }
    if (v.skip >= v.length) {
      return;
    }
    long left = v.skip;
    int errors = 0;
    int count = 0;
    for (SwissMap.Entry entry = reader.next(); entry != null; entry = reader.next()) {
      if (left-- > 0) {
        continue;
      }
      load(entry.key(), level + 1, limits);
      load(entry.value(), level + 1, limits);
      v.children.add(entry.key());
      v.children.add(entry.value());
      count++;
      if (entry.key().unreadable != null || entry.value().unreadable != null) {
        errors++;
      }
      if (errors > MAX_ERRORS || count >= limits.arrayValues() || count >= v.length) {
        break;
      }
    }
  }

  private void array(Variable v, int level, LoadLimits limits) {
    if (v.length < 0) {
      v.unreadable = "Negative array length";
      return;
    }
    if (v.base == 0 && v.length > 0) {
      v.unreadable = "non-zero length array with nil base";
      return;
    }
    long count = v.trusted ? v.length : Math.min(v.length, limits.arrayValues());
    long stride = stride(v);
    Memory memory = v.kind == Kind.ARRAY ? v.memory : pointed(v.memory);
    memory = cache(memory, v.base, stride * count);
    Variable whole = v.copy();
    whole.memory = memory;
    int errors = 0;
    for (long i = 0; i < count && errors <= MAX_ERRORS; i++) {
      Variable child = element(whole, i);
      load(child, level + 1, limits);
      if (child.unreadable != null) {
        errors++;
      }
      v.children.add(child);
    }
  }

  private void structure(Variable v, int level, LoadLimits limits) {
    List<Field> fields = v.type.fields();
    v.length = fields.size();
    v.memory = cache(v.memory, v.address, v.type.size());
    if (level <= limits.recursion()) {
      for (Field f : fields) {
        if (limits.structFields() >= 0 && v.children.size() >= limits.structFields()) {
          break;
        }
        Variable child = field(v, f);
        child.name = f.name();
        if (v.type.name().isEmpty() && child.name.startsWith("&") && child.kind == Kind.POINTER) {
          // A closure's structure: the field is a variable that it shares with its maker.
          child = dereference(child);
          child.flags |= Variable.ESCAPED;
          child.name = f.name().substring(1);
        }
        v.children.add(child);
        load(child, level + 1, limits);
      }
    }
    if (v.type.resolved().name().equals("time.Time")) {
      time(v);
    }
  }

  /** What an interface holds. */
  private void contents(Variable v, int level, boolean load, LoadLimits limits) {
    Variable data = interfaceData(v);
    if (data == null) {
      return;
    }
    v.children = new ArrayList<>(List.of(data));
    if (data.kind == Kind.INVALID) {
      return;
    }
    if (load && level <= limits.recursion()) {
      load(data, level, limits);
    } else {
      data.onlyAddress = true;
    }
  }

  /** The value that an interface holds, not loaded; of kind invalid at address 0 if it is nil. */
  public @Nullable Variable interfaceData(Variable v) {
    GoType structure = v.type.structure();
    Field data = structure.field("data");
    Field tab = structure.field("tab");
    if (data == null) {
      v.unreadable = "invalid interface type";
      return null;
    }
    long descriptor = v.memory.u64(v.address);
    if (tab != null && descriptor != 0) {
      long type = process.offset("internal/abi.ITab", "Type");
      descriptor = process.memory().u64(descriptor + (type < 0 ? 8 : type));
    }
    if (descriptor == 0) {
      return new Variable("data", 0, process.types().nothing(), process.memory());
    }
    GoType type = process.runtimeType(descriptor);
    if (type == null) {
      v.unreadable = "could not resolve interface type: " + Long.toHexString(descriptor);
      return null;
    }
    long word = v.address + data.offset();
    if (isDirect(type)) {
      return variable("data", word, type, v.memory);
    }
    return variable("data", v.memory.u64(word), type, pointed(v.memory));
  }

  /** Whether an interface holds such a value itself, and not a pointer to it. */
  private static boolean isDirect(GoType type) {
    return switch (type.kind()) {
      case POINTER, UNSAFE_POINTER, MAP, CHAN, FUNC -> true;
      case STRUCT -> type.fields().size() == 1 && isDirect(type.fields().getFirst().type());
      case ARRAY -> {
        GoType element = type.element();
        yield type.count() == 1 && element != null && isDirect(element);
      }
      default -> false;
    };
  }

  private void function(Variable v, int level, LoadLimits limits) {
    long closure = v.memory.u64(v.address);
    if (closure == 0) {
      v.base = 0;
      v.value = "";
      return;
    }
    Memory memory = pointed(v.memory);
    v.base = memory.u64(closure);
    Function function = process.functionAt(v.base);
    if (function == null) {
      v.unreadable = "could not find function for 0x" + Long.toHexString(v.base);
      return;
    }
    v.value = function.name();
    List<Field> captured = captured(function);
    v.length = captured.size();
    if (level <= limits.recursion()) {
      GoType structure = process.types().structure("", captured);
      Variable whole = new Variable("", closure, structure, memory);
      load(whole, level, limits);
      v.children = whole.children;
    }
  }

  /** Variables that a closure has of the function that made it. */
  public List<Field> captured(Function function) {
    Die die = function.die();
    List<Field> fields = new ArrayList<>();
    if (die != null) {
      die.walk((d, depth) -> {
        if (d.has(Dw.AT_GO_CLOSURE_OFFSET)) {
          fields.add(
              new Field(
                  d.name(),
                  process.types().typeOf(d),
                  d.number(Dw.AT_GO_CLOSURE_OFFSET, 0),
                  false));
        }
        return true;
      });
      fields.sort(Comparator.comparingLong(Field::offset));
    }
    return fields;
  }

  private void time(Variable v) {
    Variable wall = part(v, "wall");
    Variable extra = part(v, "ext");
    if (!(wall.value instanceof BigInteger w) || !(extra.value instanceof BigInteger e)) {
      return;
    }
    ZoneId zone = ZoneOffset.UTC;
    Variable location = part(v, "loc");
    if (location.unreadable == null && !location.children.isEmpty()) {
      Variable place = location.children.getFirst();
      if (place.address != 0) {
        Variable name = part(place, "name");
        if (name.value instanceof String text) {
          zone = zone(text);
        }
      }
    }
    boolean monotonic = w.testBit(63);
    try {
      long seconds =
          monotonic
              ? SECONDS_TO_1885 + (w.longValue() << 1 >>> 31)
              : SECONDS_TO_YEAR_1 + e.longValue();
      String text =
          DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssXXX", Locale.ROOT)
              .format(Instant.ofEpochSecond(seconds).atZone(zone));
      v.value = monotonic ? text + ", " + (e.signum() < 0 ? "" : "+") + e : text;
    } catch (DateTimeException ignored) {
      // a time beyond what a calendar has: its fields are shown
    }
  }

  private static ZoneId zone(String name) {
    try {
      return name.equals("Local")
          ? ZoneId.systemDefault()
          : name.isEmpty() ? ZoneOffset.UTC : ZoneId.of(name);
    } catch (DateTimeException e) {
      return ZoneOffset.UTC;
    }
  }

  private Variable part(Variable v, String name) {
    Field field = v.type.field(name);
    if (field == null) {
      return new Variable(name, 0, process.types().nothing(), v.memory);
    }
    Variable made = field(v, field);
    load(made, LoadLimits.FULL);
    return made;
  }
}
