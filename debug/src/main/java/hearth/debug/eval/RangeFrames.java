// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.goruntime.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Bodies of loops that range over functions, which the compiler makes functions of their own, and
 * the functions around them. For the owner of the target.
 */
public final class RangeFrames {
  private static final Pattern BODY = Pattern.compile("(.+?)(?:-range\\d+)+");

  private RangeFrames() {}

  /** Name of the function whose loop a function is the body of; empty if it is none. */
  public static String parent(String function) {
    if (!function.contains("-range")) {
      return "";
    }
    Matcher body = BODY.matcher(function);
    return body.matches() ? body.group(1) : "";
  }

  /** Whether a function is the body of a loop. */
  public static boolean isBody(String function) {
    return !parent(function).isEmpty();
  }

  /**
   * The bodies that a frame is in, each followed by the frame that called it, then the frame of the
   * function around them and that of its caller.
   *
   * @param scope of the goroutine
   * @param index of the frame
   * @return nothing if the frame is in no body, or its function is not found
   */
  public static List<Frame> of(Scope scope, int index) {
    List<Frame> frames = scope.frames;
    String parent = index < frames.size() ? parent(frames.get(index).name()) : "";
    if (parent.isEmpty()) {
      return List.of();
    }
    List<Frame> result = new ArrayList<>();
    Frame first = frames.get(index);
    result.add(first);
    long closure = scope.closure(first);
    if (closure == 0 && !isOptimized(first) && !first.inlined()) {
      return List.of();
    }
    boolean wanted = true; // the frame that called the last body
    boolean found = false;
    for (int i = index + 1; i < frames.size(); i++) {
      Frame frame = frames.get(i);
      if (wanted) {
        result.add(frame);
        wanted = false;
      }
      if (found) {
        result.add(frame);
        return result;
      }
      if (frame.function() == null) {
        continue;
      }
      boolean own = frame.name().equals(parent);
      boolean outer = parent(frame.name()).equals(parent);
      if ((own || outer) && made(scope, frame, closure, result.getLast())) {
        result.add(frame);
        if (own) {
          found = true;
        } else {
          long next = scope.closure(frame);
          closure = next == 0 ? closure : next;
          wanted = true;
        }
      }
    }
    return List.of();
  }

  private static boolean isOptimized(Frame frame) {
    return frame.function() != null
        && frame.function().unit() != null
        && frame.function().unit().isOptimized();
  }

  /** Whether a frame made a closure: it lies within it, or is in one of its variables. */
  private static boolean made(Scope scope, Frame frame, long closure, Frame last) {
    if ((closure == 0 && isOptimized(frame)) || last.inlined()) {
      return true;
    }
    long sp = frame.registers()[Frame.SP];
    if (Long.compareUnsigned(closure, sp) >= 0 && Long.compareUnsigned(closure, frame.cfa()) < 0) {
      return true;
    }
    return scope.yields(frame).contains(closure);
  }
}
