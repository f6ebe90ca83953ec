// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.eval.CompiledExpression;
import hearth.debug.goruntime.LoadLimits;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A breakpoint as people know it: one, however many places of the code it stands for. For the
 * session's thread.
 */
public final class Breakpoint {
  /** Number of the breakpoint at which a panic that nobody recovers stops. */
  public static final int UNRECOVERED_PANIC = -1;

  /** Number of a breakpoint that the program has in its own code. */
  public static final int HARDCODED = -3;

  /** Number of the breakpoint at which a fatal error of the runtime stops. */
  public static final int FATAL_THROW = -2;

  private final int id;
  private final Location location;
  private final @Nullable Watchpoint watchpoint;
  String name = "";
  String spec = "";
  boolean enabled = true;
  boolean suspended;
  boolean tracepoint;
  boolean traceReturn;
  private @Nullable CompiledExpression condition;
  private @Nullable HitCondition hitCondition;
  boolean showGoroutine;
  int stackDepth;
  @Nullable LoadLimits arguments;
  @Nullable LoadLimits locals;
  final List<String> variables = new ArrayList<>();
  long totalHits;
  final TreeMap<Long, Long> hits = new TreeMap<>();

  Breakpoint(int id, Location location) {
    this.id = id;
    this.location = location;
    watchpoint = null;
  }

  Breakpoint(int id, Watchpoint watchpoint) {
    this.id = id;
    this.watchpoint = watchpoint;
    location = new Location(List.of(watchpoint.watch().address()), "", 0, "");
  }

  /** A condition on how often it was hit, like {@code > 3}. */
  public record HitCondition(String operator, long value, boolean perGoroutine) {
    /**
     * Reads one.
     *
     * @throws SessionException if it is none
     */
    public static HitCondition of(String text, boolean perGoroutine) throws SessionException {
      String trimmed = text.trim();
      String operator = "==";
      for (String candidate : List.of(">=", "<=", "==", "!=", ">", "<", "%")) {
        if (trimmed.startsWith(candidate)) {
          operator = candidate;
          trimmed = trimmed.substring(candidate.length()).trim();
          break;
        }
      }
      try {
        return new HitCondition(operator, Long.parseLong(trimmed), perGoroutine);
      } catch (NumberFormatException e) {
        throw new SessionException(
            "unable to parse breakpoint hit condition: \""
                + text
                + "\"\nhit conditions should be of the form \"number\" or \"OP number\"");
      }
    }

    boolean holds(long count) {
      return switch (operator) {
        case ">" -> count > value;
        case ">=" -> count >= value;
        case "<" -> count < value;
        case "<=" -> count <= value;
        case "!=" -> count != value;
        case "%" -> value != 0 && count % value == 0;
        default -> count == value;
      };
    }

    @Override
    public String toString() {
      return operator + " " + value;
    }
  }

  /** Its number, from 1; those of the debugger itself are below zero. */
  public int id() {
    return id;
  }

  /** Its name, or empty. */
  public String name() {
    return name;
  }

  /** Sets its name; empty for none. */
  public void setName(String name) {
    this.name = name;
  }

  /** How people named its place. */
  public String spec() {
    return spec;
  }

  /** Sets how people named its place. */
  public void setSpec(String spec) {
    this.spec = spec;
  }

  /** Where it is; of a watchpoint, the memory that it watched first. */
  public Location location() {
    return location;
  }

  /** What it watches, or null if it is a place of the code. */
  public @Nullable Watchpoint watchpoint() {
    return watchpoint;
  }

  /** Whether its place is not known yet: it is looked for when the program starts again. */
  public boolean isSuspended() {
    return suspended;
  }

  /** Whether it stops anything. */
  public boolean isEnabled() {
    return enabled;
  }

  /** Whether it tells that it was hit and lets the program go on. */
  public boolean isTracepoint() {
    return tracepoint;
  }

  /** Whether it tells of returns. */
  public boolean isTraceReturn() {
    return traceReturn;
  }

  /** The condition under which it stops, or null. */
  public @Nullable CompiledExpression condition() {
    return condition;
  }

  /** Sets the condition under which it stops; null for always. */
  public void setCondition(@Nullable CompiledExpression condition) {
    this.condition = condition;
  }

  /** The condition on its hits, or null. */
  public @Nullable HitCondition hitCondition() {
    return hitCondition;
  }

  /** Sets the condition on its hits; null for none. */
  public void setHitCondition(@Nullable HitCondition hitCondition) {
    this.hitCondition = hitCondition;
  }

  /** How often it was hit while its condition held. */
  public long totalHits() {
    return totalHits;
  }

  /** How often a goroutine hit it. */
  public long hits(long goroutine) {
    return hits.getOrDefault(goroutine, 0L);
  }

  /** Whether a goroutine hit it. */
  public boolean wasHitBy(long goroutine) {
    return hits.containsKey(goroutine);
  }

  /** Whether an expression of it may name variables of outer frames. */
  boolean namesFrames() {
    CompiledExpression asked = condition;
    return (asked != null && asked.source().contains("frame"))
        || variables.stream().anyMatch(v -> v.contains("frame"));
  }

  /** Expressions that are shown when it is hit. */
  public List<String> variables() {
    return variables;
  }

  /** Frames that are shown when it is hit. */
  public int stackDepth() {
    return stackDepth;
  }

  /** Sets the frames that are shown when it is hit. */
  public void setStackDepth(int depth) {
    stackDepth = depth;
  }

  /** Whether the goroutine is shown when it is hit. */
  public boolean showsGoroutine() {
    return showGoroutine;
  }

  /** Shows the goroutine when it is hit, or not. */
  public void setShowsGoroutine(boolean shown) {
    showGoroutine = shown;
  }

  /** How much of arguments is shown when it is hit; null for none. */
  public @Nullable LoadLimits arguments() {
    return arguments;
  }

  /** Shows arguments when it is hit; null for none. */
  public void setArguments(@Nullable LoadLimits limits) {
    arguments = limits;
  }

  /** How much of local variables is shown when it is hit; null for none. */
  public @Nullable LoadLimits locals() {
    return locals;
  }

  /** Shows local variables when it is hit; null for none. */
  public void setLocals(@Nullable LoadLimits limits) {
    locals = limits;
  }

  /** Expressions that are shown when it is hit. */
  public void setVariables(List<String> expressions) {
    variables.clear();
    variables.addAll(expressions);
  }

  /** How often each goroutine hit it. */
  public Map<Long, Long> hitsByGoroutine() {
    return Collections.unmodifiableMap(hits);
  }

  /** Makes it tell that it was hit, and lets the program go on. */
  public void setTracepoint(boolean tracepoint) {
    this.tracepoint = tracepoint;
  }

  /** Makes it tell of returns. */
  public void setTraceReturn(boolean traceReturn) {
    this.traceReturn = traceReturn;
  }

  /** The same at another place, as if it had never been hit. */
  Breakpoint copyTo(Location elsewhere) {
    Breakpoint copy = new Breakpoint(id, elsewhere);
    copy.name = name;
    copy.spec = spec;
    copy.enabled = enabled;
    copy.tracepoint = tracepoint;
    copy.traceReturn = traceReturn;
    copy.condition = condition;
    copy.hitCondition = hitCondition;
    copy.showGoroutine = showGoroutine;
    copy.stackDepth = stackDepth;
    copy.arguments = arguments;
    copy.locals = locals;
    copy.variables.addAll(variables);
    return copy;
  }
}
