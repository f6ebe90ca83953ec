// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Variable;
import hearth.debug.target.UnreadableException;

/** An expression that was read once and can be evaluated in any scope. Immutable. */
public final class CompiledExpression {
  private final String source;
  private final Node node;

  private CompiledExpression(String source, Node node) {
    this.source = source;
    this.node = node;
  }

  /**
   * Reads an expression.
   *
   * @throws EvalException if it is none
   */
  public static CompiledExpression of(String source) {
    return new CompiledExpression(source, Parser.parse(source));
  }

  /** What was read. */
  public String source() {
    return source;
  }

  /**
   * Its value, loaded within limits.
   *
   * @throws EvalException if it has none here
   */
  public Variable evaluate(Scope scope, Hits hits, LoadLimits limits) {
    try {
      Variable v = new Evaluator(scope, hits, limits).evaluate(node);
      scope.loader.load(v, limits);
      return v;
    } catch (UnreadableException | hearth.debug.binary.BadBinaryException e) {
      throw new EvalException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Its value as a truth value.
   *
   * @throws EvalException if it is none
   */
  public boolean holds(Scope scope, Hits hits) {
    Variable v = evaluate(scope, hits, LoadLimits.FULL);
    if (v.unreadable != null) {
      throw new EvalException("condition expression unreadable: " + v.unreadable);
    }
    if (!(v.value instanceof Boolean b)) {
      throw new EvalException("condition expression not boolean");
    }
    return b;
  }

  /**
   * Gives what it names a new value.
   *
   * @throws EvalException if that cannot be done
   */
  public void assign(Scope scope, Hits hits, CompiledExpression value) {
    try {
      Evaluator evaluator = new Evaluator(scope, hits, LoadLimits.FULL);
      Caller caller = scope.caller;
      if (caller == null) {
        new Assignment(scope)
            .assign(evaluator.evaluate(node), evaluator.evaluate(value.node), source, value.source);
        return;
      }
      Variable from = evaluator.evaluate(value.node);
      Variable to = evaluator.evaluate(node);
      from = new FunctionCall(scope, caller).literal(from, to.type);
      to = evaluator.evaluate(node); // where it is now
      new Assignment(scope).assign(to, from, source, value.source);
    } catch (UnreadableException e) {
      throw new EvalException(String.valueOf(e.getMessage()));
    }
  }

  /** How often breakpoints were hit, for {@code delve.bphitcount}. */
  public interface Hits {
    /** Of a breakpoint by its number or name; -1 if there is none. */
    long count(String idOrName);

    /** Nobody counts. */
    Hits NONE = id -> -1;
  }
}
