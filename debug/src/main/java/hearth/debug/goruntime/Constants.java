// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Dw;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Says which constants of its type a number is, as people know it. */
final class Constants {
  private record Named(String name, long value) {}

  private final Map<Integer, List<Named>> byType = new HashMap<>();

  Constants(Program program) {
    for (Program.PackageConstant constant : program.constants()) {
      Die die = constant.die();
      int type = die.reference(Dw.AT_TYPE);
      if (type >= 0) {
        byType
            .computeIfAbsent(type, t -> new ArrayList<>())
            .add(new Named(constant.name(), constant.value()));
      }
    }
    byType.values().forEach(list -> list.sort(Comparator.comparingLong(Named::value)));
  }

  /**
   * Name of the constant, or several joined with bars where each is a bit; empty if there is none.
   */
  String describe(GoType type, long number) {
    List<Named> constants = byType.get(type.entry());
    if (constants == null || !type.name().contains(".") || type.name().startsWith("C.")) {
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
