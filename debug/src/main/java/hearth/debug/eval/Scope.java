// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.dwarf.Die;
import hearth.debug.dwarf.Dw;
import hearth.debug.dwarf.Expression;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.GoProcess;
import hearth.debug.goruntime.GoType;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.Loader;
import hearth.debug.goruntime.Pieces;
import hearth.debug.goruntime.Stacks;
import hearth.debug.goruntime.Variable;
import hearth.debug.index.Function;
import hearth.debug.target.Memory;
import hearth.debug.target.TargetThread;
import hearth.debug.target.UnreadableException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where an expression is evaluated: a frame of a goroutine, and the frames that called it. Without
 * a frame, packages are all there is. Valid until the target runs again.
 */
public final class Scope {
  private static final int FIRST_VECTOR = 17;
  private static final int LAST_VECTOR = 32;
  private static final int XMM_AT = 160;
  private static final int FRAMES_AROUND = 100;

  final GoProcess process;
  final Loader loader;
  private final Stacks stacks;
  List<Frame> frames;
  final int frameIndex;
  @Nullable Goroutine goroutine;
  @Nullable TargetThread thread;
  @Nullable Caller caller;
  private @Nullable List<Variable> locals;
  private long dictionary = -1;

  /**
   * A scope.
   *
   * @param frames of the goroutine or thread, the innermost first
   * @param frameIndex which of them
   */
  public Scope(
      GoProcess process,
      Stacks stacks,
      List<Frame> frames,
      int frameIndex,
      @Nullable Goroutine goroutine,
      @Nullable TargetThread thread) {
    this.process = process;
    this.stacks = stacks;
    this.frames = frames;
    this.frameIndex = frameIndex;
    this.goroutine = goroutine;
    this.thread = thread;
    loader = new Loader(process);
  }

  /** The same place after the goroutine ran: its stack may lie elsewhere. */
  public void renew(
      List<Frame> fresh, @Nullable Goroutine freshGoroutine, @Nullable TargetThread freshThread) {
    frames = fresh;
    goroutine = freshGoroutine;
    thread = freshThread;
    locals = null;
    dictionary = -1;
  }

  /** Allows expressions to call functions. */
  public void setCaller(Caller caller) {
    this.caller = caller;
  }

  /** The frame, or null if there is none. */
  public @Nullable Frame frame() {
    return frameIndex >= 0 && frameIndex < frames.size() ? frames.get(frameIndex) : null;
  }

  /** The same goroutine's scope in another of its frames. */
  Scope inFrame(int index) {
    Scope made = new Scope(process, stacks, frames, index, goroutine, thread);
    made.caller = caller;
    return made;
  }

  /** The goroutine, or null if there is none. */
  public @Nullable Goroutine goroutine() {
    return goroutine;
  }

  /** The thread whose registers count, or null. */
  public @Nullable TargetThread thread() {
    return thread;
  }

  /** The process. */
  public GoProcess process() {
    return process;
  }

  /** Import path of the package that the frame's function is in, or empty. */
  String packagePath() {
    Frame frame = frame();
    return frame == null ? "" : Function.packagePath(frame.name());
  }

  private record Found(Variable variable, int depth) {}

  /**
   * Variables that are visible where the frame is, outer ones first; those that others hide are
   * flagged.
   *
   * @throws EvalException if the frame's function is not described
   */
  public List<Variable> locals() {
    List<Variable> known = locals;
    if (known != null) {
      return known;
    }
    Frame frame = frame();
    if (frame == null || frame.function() == null) {
      throw new EvalException("unable to find function context");
    }
    Die root = frame.scope();
    if (root == null) {
      throw new EvalException("unable to find locals: no debug information present in binary");
    }
    List<Variable> result = own(frame, root, null);
    List<Frame> around = around(frame);
    for (int i = 2; i + 1 < around.size(); i += 2) {
      Die outer = around.get(i).scope();
      if (outer != null) {
        List<Variable> all = new ArrayList<>(own(around.get(i), outer, null));
        all.addAll(result);
        result = all;
      }
    }
    if (!around.isEmpty()) {
      Map<String, Variable> last = new HashMap<>();
      for (Variable v : result) {
        Variable hidden = last.put(v.name, v);
        if (hidden != null) {
          hidden.flags |= Variable.SHADOWED;
        }
      }
    }
    locals = result;
    return result;
  }

  /** Variables of a frame alone. */
  private List<Variable> own(Frame frame, Die root, @Nullable String wanted) {
    List<Found> found = new ArrayList<>();
    collect(root, frame, 0, found, true, wanted);
    List<Variable> result = ordered(found);
    if (RangeFrames.isBody(frame.name())) {
      result.forEach(v -> v.flags &= ~(Variable.ARGUMENT | Variable.RESULT));
    }
    return result;
  }

  /** The functions around a frame that is the body of a loop: see {@link RangeFrames#of}. */
  private List<Frame> around(Frame frame) {
    Goroutine g = goroutine;
    if (g == null || !RangeFrames.isBody(frame.name())) {
      return List.of();
    }
    int needed = frameIndex + FRAMES_AROUND;
    boolean whole = frames.size() >= needed || frames.getLast().isBottom();
    Scope wider = whole ? this : new Scope(process, stacks, stacks.of(g, needed), 0, g, thread);
    return RangeFrames.of(wider, frameIndex);
  }

  /** Address of the closure that a frame's function was called with, or 0. */
  long closure(Frame frame) {
    return pointers(frame, ".closureptr").stream().findFirst().orElse(0L);
  }

  /** Addresses of the closures that a frame hands to iterators. */
  List<Long> yields(Frame frame) {
    return pointers(frame, "#yield");
  }

  private List<Long> pointers(Frame frame, String prefix) {
    List<Long> result = new ArrayList<>();
    Die root = frame.scope();
    if (root != null) {
      pointers(root, frame, prefix, result);
    }
    return result;
  }

  private void pointers(Die die, Frame frame, String prefix, List<Long> result) {
    for (Die child : die.children()) {
      if (child.tag() == Dw.TAG_LEXICAL_BLOCK) {
        pointers(child, frame, prefix, result);
        continue;
      }
      String name = child.name();
      boolean moved = name.startsWith("&");
      boolean meant =
          (child.tag() == Dw.TAG_VARIABLE || child.tag() == Dw.TAG_FORMAL_PARAMETER)
              && name.startsWith(prefix, moved ? 1 : 0);
      Variable v = meant ? extract(child, frame, name) : null;
      if (v != null && v.unreadable == null && v.address != 0) {
        try {
          long value = v.memory.u64(v.address);
          result.add(moved ? process.memory().u64(value) : value);
        } catch (UnreadableException e) {
          // it is not set yet
        }
      }
    }
  }

  private List<Variable> ordered(List<Found> found) {
    found.sort(
        Comparator.comparingInt(Found::depth).thenComparingLong(f -> f.variable.declarationLine));
    List<Variable> result = new ArrayList<>();
    Map<String, Variable> last = new HashMap<>();
    for (Found f : found) {
      Variable v = unescape(f.variable);
      Variable hidden = last.put(v.name, v);
      if (hidden != null) {
        hidden.flags |= Variable.SHADOWED;
      }
      result.add(v);
    }
    return result;
  }

  /** A variable that was moved to the heap is shown as what its pointer leads to. */
  private Variable unescape(Variable v) {
    if (v.name.length() < 2 || !v.name.startsWith("&")) {
      return v;
    }
    Variable to = loader.dereference(v);
    if (to.address == 0 && to.unreadable == null) {
      to.unreadable = "no address for escaped variable";
    }
    to.name = v.name.substring(1);
    Variable.Kept kept = v.location;
    if (kept != null) {
      to.location = new Variable.Kept(kept.expression(), kept.list(), kept.pc(), true);
    }
    to.flags |= Variable.ESCAPED | (v.flags & (Variable.ARGUMENT | Variable.RESULT));
    to.declarationLine = v.declarationLine;
    return to;
  }

  private void collect(
      Die die, Frame frame, int depth, List<Found> found, boolean first, @Nullable String wanted) {
    switch (die.tag()) {
      case Dw.TAG_SUBPROGRAM, Dw.TAG_LEXICAL_BLOCK, Dw.TAG_INLINED_SUBROUTINE -> {
        if (die.tag() == Dw.TAG_INLINED_SUBROUTINE && !first) {
          return;
        }
        if (first || die.covers(frame.lookupPc() - process.bias())) {
          for (Die child : die.children()) {
            collect(child, frame, depth + 1, found, false, wanted);
          }
        }
      }
      case Dw.TAG_VARIABLE, Dw.TAG_FORMAL_PARAMETER -> variable(die, frame, depth, found, wanted);
      default -> {}
    }
  }

  private void variable(
      Die die, Frame frame, int depth, List<Found> found, @Nullable String wanted) {
    String name = die.name();
    if (wanted != null && !name.endsWith(wanted)) {
      return;
    }
    boolean parameter = die.tag() == Dw.TAG_FORMAL_PARAMETER;
    boolean captured = die.has(Dw.AT_GO_CLOSURE_OFFSET);
    if ((captured || name.startsWith("~")) && RangeFrames.isBody(frame.name())) {
      return; // the function around it has them
    }
    if (name.isEmpty()
        || name.equals(".dict")
        || name.equals(".closureptr")
        || name.startsWith("#yield")
        || name.startsWith("&#yield")) {
      return;
    }
    long line = die.number(Dw.AT_DECL_LINE, die.origin().number(Dw.AT_DECL_LINE, -1));
    boolean visible = parameter || line < 0 || frame.line() >= (captured ? line : line + 1);
    if (!visible) {
      return;
    }
    Variable v = extract(die, frame, name);
    if (v == null) {
      return;
    }
    v.declarationLine = Math.max(line, 0);
    int sortDepth = depth;
    if (parameter) {
      sortDepth = depth <= 1 ? 0 : depth;
      boolean result =
          die.flag(Dw.AT_VARIABLE_PARAMETER) || die.origin().flag(Dw.AT_VARIABLE_PARAMETER);
      v.flags |= result ? Variable.RESULT : Variable.ARGUMENT;
    }
    found.add(new Found(v, sortDepth));
  }

  private @Nullable Variable extract(Die die, Frame frame, String name) {
    Die described = die.type().orElse(null);
    if (described == null) {
      return null;
    }
    GoType type = actualType(described, frame);
    if (!die.has(Dw.AT_LOCATION)) {
      return null;
    }
    Variable v;
    try {
      long pc = frame.lookupPc() - process.bias();
      byte[] expression =
          die.unit().isGo() || die.has(Dw.AT_LOCATION)
              ? process.program().dwarf().location(die, Dw.AT_LOCATION, pc).orElse(null)
              : null;
      if (expression == null) {
        v = new Variable(name, 0, type, process.memory());
        v.unreadable =
            String.format(
                "could not find loclist entry at %#x for address %#x",
                die.number(Dw.AT_LOCATION, 0), frame.lookupPc());
        return v;
      }
      v = place(Expression.locate(expression, stacks.context(frame)), frame, name, type);
      boolean block = die.block(Dw.AT_LOCATION).isPresent();
      v.location =
          new Variable.Kept(
              expression, block ? -1 : die.number(Dw.AT_LOCATION, 0), pc + process.bias(), false);
    } catch (BadBinaryException | UnreadableException e) {
      v = new Variable(name, 0, type, process.memory());
      v.unreadable = e.getMessage();
    }
    return v;
  }

  private Variable place(Expression.Location location, Frame frame, String name, GoType type) {
    Memory memory = process.memory();
    return switch (location) {
      case Expression.Location.Address a -> loader.variable(name, a.address(), type, memory);
      case Expression.Location.Missing m -> {
        Variable v = new Variable(name, 0, type, memory);
        v.unreadable = "empty OP stack";
        yield v;
      }
      case Expression.Location.Register r ->
          inPieces(List.of(new Expression.Piece((int) type.size(), r)), frame, name, type);
      case Expression.Location.Implicit i ->
          inPieces(List.of(new Expression.Piece((int) type.size(), i)), frame, name, type);
      case Expression.Location.Pieces p -> inPieces(p.pieces(), frame, name, type);
    };
  }

  private Variable inPieces(List<Expression.Piece> pieces, Frame frame, String name, GoType type) {
    int size = 0;
    for (Expression.Piece piece : pieces) {
      size += piece.size();
    }
    byte[] bytes = new byte[Math.max(size, (int) Math.min(type.size(), 1 << 16))];
    int at = 0;
    for (Expression.Piece piece : pieces) {
      byte[] part = part(piece, frame);
      System.arraycopy(part, 0, bytes, at, Math.min(part.length, piece.size()));
      at += piece.size();
    }
    Variable v =
        loader.variable(
            name,
            Pieces.ADDRESS,
            type,
            new Pieces(process.memory(), bytes, changed -> store(pieces, frame, changed)));
    v.flags |= Variable.FAKE_ADDRESS;
    return v;
  }

  /** Puts a changed value back to where its pieces are. */
  private void store(List<Expression.Piece> pieces, Frame frame, byte[] bytes) {
    int at = 0;
    for (Expression.Piece piece : pieces) {
      switch (piece.location()) {
        case Expression.Location.Address a ->
            process.memory().write(a.address(), Arrays.copyOfRange(bytes, at, at + piece.size()));
        case Expression.Location.Register r -> {
          TargetThread on = thread;
          if (on == null || !frame.equals(frames.getFirst()) || r.number() >= FIRST_VECTOR) {
            throw new UnreadableException("can not set a register of an outer frame");
          }
          on.registers().setDwarf(r.number(), Memory.number(bytes, at, piece.size()));
          on.registersChanged();
          frame.registers()[r.number()] = on.registers().dwarf(r.number());
        }
        default -> throw new UnreadableException("can not set a value that is in no memory");
      }
      at += piece.size();
    }
  }

  private byte[] part(Expression.Piece piece, Frame frame) {
    return switch (piece.location()) {
      case Expression.Location.Address a -> process.memory().bytes(a.address(), piece.size());
      case Expression.Location.Implicit i -> i.bytes();
      case Expression.Location.Register r -> {
        int number = r.number();
        if (number < FIRST_VECTOR) {
          yield Memory.littleEndian(
              number >= 0 && number < frame.registers().length ? frame.registers()[number] : 0, 8);
        }
        byte[] vector = new byte[16];
        TargetThread on = thread;
        if (number <= LAST_VECTOR && on != null) {
          System.arraycopy(
              on.floatingPoint(), XMM_AT + 16 * (number - FIRST_VECTOR), vector, 0, 16);
        }
        yield vector;
      }
      case Expression.Location.Missing m -> new byte[piece.size()];
      case Expression.Location.Pieces p -> new byte[piece.size()];
    };
  }

  /**
   * The type that a type parameter stands for in this call: generic code is compiled for shapes,
   * and gets the types themselves in a dictionary.
   */
  private GoType actualType(Die described, Frame frame) {
    GoType type = process.types().of(described);
    if (!described.has(Dw.AT_GO_DICT_INDEX)) {
      return type;
    }
    try {
      long at = dictionary(frame);
      if (at != 0) {
        long descriptor = process.memory().u64(at + 8 * described.number(Dw.AT_GO_DICT_INDEX, 0));
        GoType actual = process.runtimeType(descriptor);
        if (actual != null) {
          return actual;
        }
      }
    } catch (UnreadableException | BadBinaryException e) {
      return type;
    }
    return type;
  }

  private long dictionary(Frame frame) {
    if (dictionary >= 0) {
      return dictionary;
    }
    dictionary = 0;
    Die root = frame.scope();
    if (root != null) {
      for (Die child : root.children()) {
        if (child.name().equals(".dict")) {
          Variable v = extract(child, frame, ".dict");
          if (v != null && v.unreadable == null && v.address != 0) {
            dictionary = v.memory.u64(v.address);
          }
        }
      }
    }
    return dictionary;
  }

  /** The visible variable of a name, or null; a copy, that can be loaded. */
  @Nullable Variable local(String name) {
    Frame frame = frame();
    if (frame == null || frame.scope() == null) {
      return null;
    }
    List<Variable> all = locals;
    Die root = frame.scope();
    if (all == null && root != null) { // the others are not looked at: a condition is in a hurry
      all = own(frame, root, name);
    }
    Variable found = all == null ? null : last(all, name);
    if (found != null || locals != null) {
      return found;
    }
    List<Frame> around = around(frame);
    for (int i = 2; i + 1 < around.size() && found == null; i += 2) {
      Die outer = around.get(i).scope();
      found = outer == null ? null : last(own(around.get(i), outer, name), name);
    }
    return found;
  }

  private static @Nullable Variable last(List<Variable> all, String name) {
    for (int i = all.size() - 1; i >= 0; i--) {
      if (all.get(i).name.equals(name)) {
        return all.get(i).copy();
      }
    }
    return null;
  }

  /** Arguments and results. */
  public List<Variable> arguments() {
    return locals().stream()
        .filter(v -> v.is(Variable.ARGUMENT) || v.is(Variable.RESULT))
        .map(Variable::copy)
        .toList();
  }

  /** Variables that are neither arguments nor results. */
  public List<Variable> variables() {
    return locals().stream()
        .filter(v -> !v.is(Variable.ARGUMENT) && !v.is(Variable.RESULT))
        .map(Variable::copy)
        .toList();
  }
}
