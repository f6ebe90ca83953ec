// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.index;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a look at every unit finds, as names and offsets: all that a start needs to know of them.
 */
final class Index {
  /** By address. */
  final List<Function> functions = new ArrayList<>();

  final List<InlinedCopy> copies = new ArrayList<>();
  final List<Named> variables = new ArrayList<>();
  final List<Named> constants = new ArrayList<>();
  final Map<String, Integer> types = new LinkedHashMap<>();
  final Map<Long, Integer> runtimeTypes = new HashMap<>();

  /** Source files of each unit, in the order of the units. */
  final List<List<String>> files = new ArrayList<>();

  /**
   * A variable or constant of a package.
   *
   * @param entry offset of the entry that describes it
   * @param value address of a variable, value of a constant
   */
  record Named(String name, int entry, long value) {}
}
