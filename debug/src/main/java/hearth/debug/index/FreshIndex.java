// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.index;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An index as it was just made. It is filled by one thread, and then {@link #close closed}. */
final class FreshIndex implements Index {
  final List<Function> functions = new ArrayList<>();
  final List<InlinedCopy> copies = new ArrayList<>();
  final List<Named> variables = new ArrayList<>();
  final List<Named> constants = new ArrayList<>();
  final Map<String, Integer> types = new HashMap<>();
  final Map<Long, Integer> runtimeTypes = new HashMap<>();
  final List<List<String>> files = new ArrayList<>();

  private final Map<String, List<Function>> functionsByName = new HashMap<>();
  private final Map<String, List<InlinedCopy>> copiesByName = new HashMap<>();
  private final Map<String, Named> variablesByName = new HashMap<>();
  private final Map<String, Named> constantsByName = new HashMap<>();

  /** Nothing is put into the lists after this. */
  FreshIndex close() {
    functions.sort(Comparator.comparingLong(Function::low));
    for (Function f : functions) {
      functionsByName.computeIfAbsent(f.name(), n -> new ArrayList<>(1)).add(f);
    }
    for (InlinedCopy copy : copies) {
      copiesByName.computeIfAbsent(copy.name(), n -> new ArrayList<>()).add(copy);
    }
    variables.forEach(v -> variablesByName.putIfAbsent(v.name(), v));
    constants.forEach(c -> constantsByName.putIfAbsent(c.name(), c));
    return this;
  }

  @Override
  public List<Function> functions() {
    return functions;
  }

  @Override
  public List<Function> functions(String name) {
    return functionsByName.getOrDefault(name, List.of());
  }

  @Override
  public @Nullable Function before(long pc) {
    int count = Index.upTo(functions.size(), i -> functions.get(i).low(), pc);
    return count == 0 ? null : functions.get(count - 1);
  }

  @Override
  public List<InlinedCopy> copies(String name) {
    return copiesByName.getOrDefault(name, List.of());
  }

  @Override
  public Set<String> copied() {
    return copiesByName.keySet();
  }

  @Override
  public List<Named> variables() {
    return variables;
  }

  @Override
  public @Nullable Named variable(String name) {
    return variablesByName.get(name);
  }

  @Override
  public List<Named> constants() {
    return constants;
  }

  @Override
  public @Nullable Named constant(String name) {
    return constantsByName.get(name);
  }

  @Override
  public int type(String name) {
    return types.getOrDefault(name, -1);
  }

  @Override
  public Set<String> types() {
    return types.keySet();
  }

  @Override
  public int runtimeType(long offset) {
    return runtimeTypes.getOrDefault(offset, -1);
  }

  @Override
  public List<String> files(int unit) {
    return unit < files.size() ? files.get(unit) : List.of();
  }
}
