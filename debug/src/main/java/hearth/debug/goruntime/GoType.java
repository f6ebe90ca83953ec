// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A type of Go, or of C. What it is made of is found when it is asked for, since types lead to each
 * other in circles. For one thread.
 */
public final class GoType {
  private static final int MAX_TYPEDEFS = 64;

  private final String name;
  private final Kind kind;
  private final long size;
  private final int entry;
  private final Supplier<Parts> maker;
  private @Nullable Parts parts;

  /**
   * What a type is made of.
   *
   * @param underlying of a named type, or of the types that are structures of the runtime (maps,
   *     channels, interfaces)
   * @param element of pointers, arrays, slices, channels, maps
   * @param key of maps
   * @param fields of structures, parameters of functions
   * @param count elements of an array
   */
  record Parts(
      @Nullable GoType underlying,
      @Nullable GoType element,
      @Nullable GoType key,
      List<Field> fields,
      long count) {
    static final Parts NONE = new Parts(null, null, null, List.of(), 0);
  }

  /** A field of a structure; offsets in bytes. A parameter of a function if the offset is -1. */
  public record Field(String name, GoType type, long offset, boolean embedded) {}

  GoType(String name, Kind kind, long size, int entry, Supplier<Parts> maker) {
    this.name = name;
    this.kind = kind;
    this.size = size;
    this.entry = entry;
    this.maker = maker;
  }

  /** A type that no entry describes. */
  public static GoType basic(String name, Kind kind, long size) {
    return new GoType(name, kind, size, -1, () -> Parts.NONE);
  }

  private Parts parts() {
    Parts known = parts;
    if (known == null) {
      known = maker.get();
      parts = known;
    }
    return known;
  }

  /** Its name, like {@code main.T} or {@code map[string]int}. */
  public String name() {
    return name;
  }

  /** Its kind; of a named type, that of the type it stands for. */
  public Kind kind() {
    return resolved().kind;
  }

  /** Bytes that a value takes. */
  public long size() {
    return resolved().size;
  }

  /** Offset of its entry, or -1. */
  public int entry() {
    return entry;
  }

  /** The type that it stands for, through all names; a map's, channel's, interface's is itself. */
  public GoType resolved() {
    GoType type = this;
    for (int i = 0; i < MAX_TYPEDEFS; i++) {
      if (type.kind != Kind.INVALID) {
        return type;
      }
      GoType next = type.parts().underlying;
      if (next == null) {
        return type;
      }
      type = next;
    }
    return type;
  }

  /** The structure of the runtime that a map, channel or interface is, or a pointer to it. */
  public GoType structure() {
    GoType type = resolved();
    for (int i = 0; i < MAX_TYPEDEFS; i++) {
      GoType next = type.parts().underlying;
      if (next == null) {
        return type;
      }
      type = next;
    }
    return type;
  }

  /** Type of what it points to, or of its elements; null if it has none. */
  public @Nullable GoType element() {
    return resolved().parts().element;
  }

  /** Type of a map's keys, or null. */
  public @Nullable GoType key() {
    return resolved().parts().key;
  }

  /** Fields of a structure, parameters of a function. */
  public List<Field> fields() {
    return resolved().parts().fields;
  }

  /** The field of a name, or null. */
  public @Nullable Field field(String wanted) {
    for (Field field : fields()) {
      if (field.name().equals(wanted)) {
        return field;
      }
    }
    return null;
  }

  /** Elements of an array. */
  public long count() {
    return resolved().parts().count;
  }

  /** Whether it is a pointer, and not an unsafe one. */
  public boolean isPointer() {
    return kind() == Kind.POINTER;
  }

  @Override
  public String toString() {
    return name;
  }
}
