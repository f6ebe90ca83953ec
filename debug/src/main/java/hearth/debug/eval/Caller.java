// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.goruntime.CallLayout;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lets the target call functions while an expression is evaluated. Afterwards stacks may lie
 * elsewhere, and the scope is renewed.
 */
public interface Caller {
  /**
   * Calls a function and waits for its return.
   *
   * @param closure address of the function's closure, or 0
   * @param arguments bytes of each argument, in the order of the layout
   * @return its results, loaded; or what it panicked with, named {@code ~panic}
   * @throws EvalException if it cannot be called, or was stopped before it returned
   */
  List<Variable> call(
      Scope scope, Function function, CallLayout layout, long closure, List<byte[]> arguments);

  /** Whether pointers to the stack may be handed over. */
  boolean isUnsafe();

  /** What the last call returned that an expression consisted of, or null. */
  @Nullable List<Variable> returned();
}
