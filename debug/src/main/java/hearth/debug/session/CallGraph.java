// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.goruntime.GoProcess;
import hearth.debug.index.Function;
import hearth.debug.target.Instruction;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which functions call which, as far as their code tells. For the session's thread. */
public final class CallGraph {
  private static final int MAX_CODE = 1 << 22;
  private static final Set<String> OF_RUNTIME =
      Set.of("runtime.deferreturn", "runtime.gorecover", "runtime.gopanic");

  private final GoProcess process;

  /** Of a session's program. */
  public CallGraph(Session session) {
    process = session.process();
  }

  /**
   * Functions that a function calls, and those that they call.
   *
   * @param functions names, the function's own first
   * @param indirect addresses of calls through registers or memory, whose functions are only known
   *     when they are made
   */
  public record Reached(List<String> functions, List<Long> indirect) {}

  /**
   * Follows calls. The runtime's own functions are left out, but for those that run what was
   * deferred.
   *
   * @param depth of the function itself, from 1
   * @param most greatest depth of the functions that are told
   */
  public Reached from(Function root, int depth, int most) {
    List<String> names = new ArrayList<>();
    List<Long> indirect = new ArrayList<>();
    Map<String, Integer> depths = new LinkedHashMap<>();
    ArrayDeque<Function> queue = new ArrayDeque<>();
    depths.put(root.name(), depth);
    queue.add(root);
    while (!queue.isEmpty()) {
      Function function = queue.remove();
      int at = depths.getOrDefault(function.name(), depth);
      if (at > most) {
        continue;
      }
      names.add(function.name());
      if (at + 1 > most) {
        continue;
      }
      for (Instruction call : calls(function)) {
        if (call.kind() == Instruction.Kind.CALL_INDIRECT) {
          indirect.add(call.pc());
          continue;
        }
        Function called = process.functionAt(call.target());
        if (called == null || isLeftOut(called) || depths.containsKey(called.name())) {
          continue;
        }
        depths.put(called.name(), at + 1);
        queue.add(called);
      }
    }
    return new Reached(names, indirect);
  }

  private static boolean isLeftOut(Function called) {
    String name = called.name();
    return (name.startsWith("runtime.") || name.startsWith("runtime/internal"))
        && !OF_RUNTIME.contains(name);
  }

  private List<Instruction> calls(Function function) {
    List<Instruction> result = new ArrayList<>();
    long entry = process.entry(function);
    int size = (int) Math.min(function.high() - function.low(), MAX_CODE);
    byte[] code = process.memory().bytes(entry, size);
    int at = 0;
    while (at < size) {
      Instruction instruction = Instruction.decode(code, at, entry + at);
      if (instruction == null) {
        break;
      }
      if (instruction.kind() == Instruction.Kind.CALL
          || instruction.kind() == Instruction.Kind.CALL_INDIRECT) {
        result.add(instruction);
      }
      at += instruction.length();
    }
    return result;
  }
}
