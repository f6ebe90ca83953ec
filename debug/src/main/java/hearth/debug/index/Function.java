// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.index;

import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Unit;
import org.jspecify.annotations.Nullable;

/**
 * A function that has code of its own.
 *
 * @param name like {@code main.(*T).Method}, {@code main.f[go.shape.int]}
 * @param low first address, as the file has it
 * @param high first address after its code
 * @param unit where it is described, or null if the file was stripped
 * @param entry offset of its entry
 * @param trampoline whether it only leads to another function, as wrappers do that the compiler
 *     makes
 */
public record Function(
    String name, long low, long high, @Nullable Unit unit, int entry, boolean trampoline) {

  /** Its entry, if it is described. */
  public @Nullable Die die() {
    Unit in = unit;
    return in == null ? null : in.die(entry);
  }

  /** Whether an address lies in it. */
  public boolean contains(long pc) {
    return pc >= low && pc < high;
  }

  /** Import path of its package: what comes before the first dot after the last slash. */
  public String packagePath() {
    return packagePath(name);
  }

  /** Import path of the package of a function of this name. */
  public static String packagePath(String name) {
    String plain = withoutTypeArguments(name);
    int slash = plain.lastIndexOf('/');
    int dot = plain.indexOf('.', slash + 1);
    return dot < 0 ? "" : plain.substring(0, dot);
  }

  /** The name without what stands in brackets after it or its receiver. */
  public static String withoutTypeArguments(String name) {
    int open = name.indexOf('[');
    if (open < 0) {
      return name;
    }
    int close = name.lastIndexOf(']');
    return close < open ? name : name.substring(0, open) + name.substring(close + 1);
  }

  /** The name without its package: {@code (*T).Method}. */
  public String baseName() {
    int length = packagePath().length();
    return length == 0 ? name : name.substring(length + 1);
  }

  /** Whether it belongs to Go's runtime and is no entry for users. */
  public boolean isRuntimePrivate() {
    if (!name.startsWith("runtime.")) {
      return false;
    }
    String rest = name.substring("runtime.".length());
    return !rest.isEmpty() && !Character.isUpperCase(rest.charAt(0));
  }
}
