// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.dwarf.Dw;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Says which constants of its type a number is, as people know it. They are looked for when that is
 * asked first. For one thread.
 */
final class Constants {
  private record Named(String name, long value) {}

  private final Program program;
  private @Nullable Map<Integer, List<Named>> byType;

  Constants(Program program) {
    this.program = program;
  }

  private Map<Integer, List<Named>> byType() {
    Map<Integer, List<Named>> known = byType;
    if (known == null) {
      known = new HashMap<>();
      for (Program.PackageConstant constant : program.constants()) {
        int type = constant.die().reference(Dw.AT_TYPE);
        if (type >= 0) {
          known
              .computeIfAbsent(type, t -> new ArrayList<>())
              .add(new Named(constant.name(), constant.value()));
        }
      }
      known.values().forEach(list -> list.sort(Comparator.comparingLong(Named::value)));
      byType = known;
    }
    return known;
  }

  /**
   * Name of the constant, or several joined with bars where each is a bit; empty if there is none.
   */
  String describe(GoType type, long number) {
    if (!type.name().contains(".") || type.name().startsWith("C.")) {
      return "";
    }
    List<Named> constants = byType().get(type.entry());
    if (constants == null) {
      return "";
    }
    String prefix = Function.packagePath(type.name()) + ".";
    List<String> bits = new ArrayList<>();
    long left = number;
    for (Named c : constants) {
      String name = c.name.startsWith(prefix) ? c.name.substring(prefix.length()) : c.name;
      if (c.value == number) {
        return name;
      }
      if (Long.bitCount(c.value) == 1 && (left & c.value) != 0) {
        bits.add(name);
        left &= ~c.value;
      }
    }
    return number != 0 && left == 0 ? String.join("|", bits) : "";
  }
}
