// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Dw;
import hearth.debug.goruntime.GoType.Field;
import hearth.debug.goruntime.GoType.Parts;
import hearth.debug.index.Program;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The types of a program, made from their entries. For one thread. */
public final class Types {
  private static final int VOID = -2;
  private final Program program;
  private final Map<Integer, GoType> byEntry = new HashMap<>();
  private final Map<GoType, GoType> pointers = new HashMap<>();
  private final GoType nothing = GoType.basic("void", Kind.INVALID, 0);
  private final Map<String, GoType> basics = new HashMap<>();

  Types(Program program) {
    this.program = program;
    for (Kind kind : Kind.values()) {
      long size =
          switch (kind) {
            case BOOL, INT8, UINT8 -> 1;
            case INT16, UINT16 -> 2;
            case INT32, UINT32, FLOAT32 -> 4;
            case COMPLEX128, STRING -> 16;
            default -> 8;
          };
      basics.put(kind.text(), GoType.basic(kind.text(), kind, size));
    }
  }

  /** A type by its name, as the compiler writes it; null if the program has none. */
  public @Nullable GoType named(String name) {
    Die die = program.type(name);
    if (die != null) {
      return of(die);
    }
    GoType basic = basics.get(name);
    if (basic != null && !name.equals("struct") && basic.kind() != Kind.INVALID) {
      return switch (basic.kind()) {
        case ARRAY, CHAN, FUNC, INTERFACE, MAP, POINTER, SLICE, STRUCT -> null;
        default -> {
          Die real = program.type(basic.name());
          yield real != null ? of(real) : basic;
        }
      };
    }
    if (name.startsWith("*")) {
      GoType element = element(name.substring(1));
      return element == null ? null : pointerTo(element);
    }
    if (name.startsWith("[]")) {
      GoType element = element(name.substring(2));
      if (element == null) {
        return null;
      }
      Die slices = program.type("[]" + element.name());
      return slices == null ? sliceOf(element) : of(slices);
    }
    return null;
  }

  private @Nullable GoType element(String name) {
    return switch (name) {
      case "byte" -> named("uint8");
      case "rune" -> named("int32");
      default -> named(name);
    };
  }

  /** A basic type that every program has. */
  public GoType basic(Kind kind) {
    GoType found = named(kind.text());
    if (found == null) {
      found = basics.get(kind.text());
    }
    return found == null ? nothing : found;
  }

  /** The type without values. */
  public GoType nothing() {
    return nothing;
  }

  /** The type of pointers to a type. */
  public GoType pointerTo(GoType element) {
    Die die = program.type("*" + element.name());
    if (die != null) {
      return of(die);
    }
    return pointers.computeIfAbsent(
        element,
        e ->
            new GoType(
                "*" + e.name(), Kind.POINTER, 8, -1, () -> new Parts(null, e, null, List.of(), 0)));
  }

  /** An array of so many elements. */
  public GoType arrayOf(GoType element, long count) {
    return new GoType(
        "[" + count + "]" + element.name(),
        Kind.ARRAY,
        element.size() * count,
        -1,
        () -> new Parts(null, element, null, List.of(), count));
  }

  /** The type of slices of a type. */
  public GoType sliceOf(GoType element) {
    return new GoType(
        "[]" + element.name(),
        Kind.SLICE,
        24,
        -1,
        () -> new Parts(null, element, null, List.of(), 0));
  }

  /** A structure that no entry describes. */
  public GoType structure(String name, List<Field> fields) {
    long size = 0;
    for (Field f : fields) {
      size = Math.max(size, f.offset() + f.type().size());
    }
    return new GoType(name, Kind.STRUCT, size, -1, () -> new Parts(null, null, null, fields, 0));
  }

  /** The type that an attribute of an entry names; the one without values if it names none. */
  public GoType typeOf(Die die) {
    return die.type().map(this::of).orElse(nothing);
  }

  /** The type that an entry describes. */
  public GoType of(Die die) {
    GoType known = byEntry.get(die.offset());
    if (known != null) {
      return known;
    }
    GoType made = make(die);
    byEntry.put(die.offset(), made);
    return made;
  }

  private GoType make(Die die) {
    String name = die.string(Dw.AT_NAME, "");
    long size = die.number(Dw.AT_BYTE_SIZE, 0);
    Kind kind = Kind.of(die.number(Dw.AT_GO_KIND, 0));
    int at = die.offset();
    switch (die.tag()) {
      case Dw.TAG_BASE_TYPE -> {
        Kind real = baseKind(die, size);
        return new GoType(name, real, size, at, () -> Parts.NONE);
      }
      case Dw.TAG_POINTER_TYPE -> {
        boolean untyped = die.type().isEmpty();
        String text = name.isEmpty() ? (untyped ? "unsafe.Pointer" : "*" + typeOf(die)) : name;
        return new GoType(
            text,
            untyped || kind == Kind.UNSAFE_POINTER ? Kind.UNSAFE_POINTER : Kind.POINTER,
            8,
            at,
            () -> new Parts(null, typeOf(die), null, List.of(), 0));
      }
      case Dw.TAG_STRUCT_TYPE, Dw.TAG_UNION_TYPE -> {
        Kind real = kind == Kind.STRING || kind == Kind.SLICE ? kind : Kind.STRUCT;
        return new GoType(
            name, real, size, at, () -> new Parts(null, element(die, real), null, fields(die), 0));
      }
      case Dw.TAG_ARRAY_TYPE -> {
        return new GoType(
            name.isEmpty() ? "[]" + typeOf(die) : name,
            Kind.ARRAY,
            size > 0 ? size : arrayCount(die) * typeOf(die).size(),
            at,
            () -> new Parts(null, typeOf(die), null, List.of(), arrayCount(die)));
      }
      case Dw.TAG_SUBROUTINE_TYPE -> {
        return new GoType(
            name, Kind.FUNC, 8, at, () -> new Parts(null, null, null, parameters(die), 0));
      }
      case Dw.TAG_TYPEDEF -> {
        if (kind == Kind.MAP || kind == Kind.CHAN || kind == Kind.INTERFACE) {
          return new GoType(
              name,
              kind,
              kind == Kind.INTERFACE ? 16 : 8,
              at,
              () ->
                  new Parts(
                      typeOf(die),
                      referenced(die, Dw.AT_GO_ELEM),
                      referenced(die, Dw.AT_GO_KEY),
                      List.of(),
                      0));
        }
        return alias(name, at, die);
      }
      case Dw.TAG_CONST_TYPE, Dw.TAG_VOLATILE_TYPE, Dw.TAG_RESTRICT_TYPE -> {
        return alias(name.isEmpty() ? typeOf(die).name() : name, at, die);
      }
      case Dw.TAG_ENUMERATION_TYPE -> {
        Kind real = size == 8 ? Kind.INT64 : Kind.INT32;
        return new GoType(name, real, size, at, () -> Parts.NONE);
      }
      default -> {
        return new GoType(name, Kind.INVALID, size, at, () -> Parts.NONE);
      }
    }
  }

  private GoType alias(String name, int at, Die die) {
    return new GoType(
        name, Kind.INVALID, 0, at, () -> new Parts(typeOf(die), null, null, List.of(), 0));
  }

  private @Nullable GoType referenced(Die die, int attribute) {
    int at = die.reference(attribute);
    return at < 0 ? null : of(program.dwarf().die(at));
  }

  private @Nullable GoType element(Die die, Kind kind) {
    if (kind == Kind.STRING) {
      return basic(Kind.UINT8);
    }
    if (kind != Kind.SLICE) {
      return null;
    }
    GoType element = referenced(die, Dw.AT_GO_ELEM);
    if (element == null) {
      for (Die child : die.children()) {
        if (child.name().equals("array")) {
          return typeOf(child).element();
        }
      }
    }
    return element;
  }

  private static Kind baseKind(Die die, long size) {
    // DWARF 5 §7.8, encodings.
    return switch ((int) die.number(Dw.AT_ENCODING, VOID)) {
      case 2 -> Kind.BOOL;
      case 3 -> size == 8 ? Kind.COMPLEX64 : Kind.COMPLEX128;
      case 4 -> size == 4 ? Kind.FLOAT32 : Kind.FLOAT64;
      case 5, 6 ->
          switch ((int) size) {
            case 1 -> Kind.INT8;
            case 2 -> Kind.INT16;
            case 4 -> Kind.INT32;
            default -> Kind.INT64;
          };
      case 7, 8 ->
          switch ((int) size) {
            case 1 -> Kind.UINT8;
            case 2 -> Kind.UINT16;
            case 4 -> Kind.UINT32;
            default -> Kind.UINT64;
          };
      default -> Kind.INVALID;
    };
  }

  private static long arrayCount(Die die) {
    for (Die child : die.children()) {
      if (child.tag() == Dw.TAG_SUBRANGE_TYPE) {
        if (child.has(Dw.AT_COUNT)) {
          return child.number(Dw.AT_COUNT, 0);
        }
        return child.number(Dw.AT_UPPER_BOUND, -1) + 1;
      }
    }
    return 0;
  }

  private List<Field> fields(Die die) {
    List<Field> result = new ArrayList<>();
    for (Die child : die.children()) {
      if (child.tag() == Dw.TAG_MEMBER) {
        result.add(
            new Field(
                child.name(),
                typeOf(child),
                child.number(Dw.AT_DATA_MEMBER_LOCATION, 0),
                child.flag(Dw.AT_GO_EMBEDDED_FIELD)));
      }
    }
    return result;
  }

  private List<Field> parameters(Die die) {
    List<Field> result = new ArrayList<>();
    for (Die child : die.children()) {
      if (child.tag() == Dw.TAG_FORMAL_PARAMETER) {
        result.add(new Field("", typeOf(child), -1, false));
      }
    }
    return result;
  }
}
