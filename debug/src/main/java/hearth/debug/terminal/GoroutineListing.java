// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import hearth.debug.eval.Scope;
import hearth.debug.goruntime.Frame;
import hearth.debug.goruntime.Goroutine;
import hearth.debug.goruntime.LoadLimits;
import hearth.debug.goruntime.Variable;
import hearth.debug.session.GoroutineList;
import hearth.debug.session.Places;
import hearth.debug.session.Session;
import hearth.debug.session.SessionException;
import hearth.debug.session.Words;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The command {@code goroutines}: which are listed, what of them, and how they are grouped. */
final class GoroutineListing {
  private static final int BATCH = 4096;
  private static final int GROUP_MEMBERS = 5;
  private static final int GROUPS = 50;
  private static final int DEPTH = 10;

  private final Session session;
  private final Printer printer;
  private final PrintStream out;
  private Places.Which which = Places.Which.USER;
  private boolean labels;
  private boolean stacks;
  private int depth = DEPTH;
  private final List<GoroutineList.Filter> filters = new ArrayList<>();
  private GoroutineList.Field group = GoroutineList.Field.NONE;
  private String groupKey = "";
  private @Nullable String channel;
  private String command = "";

  /** Runs a command for a goroutine. */
  @FunctionalInterface
  interface Command {
    /** Runs it. */
    void run(long goroutine, String command) throws SessionException;
  }

  /**
   * Reads what is asked for.
   *
   * @throws SessionException if that is not understood
   */
  GoroutineListing(Session session, Printer printer, PrintStream out, String arguments)
      throws SessionException {
    this.session = session;
    this.printer = printer;
    this.out = out;
    List<String> words = Words.all(arguments);
    int i = 0;
    while (i < words.size()) {
      i = read(words, i);
    }
  }

  private static SessionException wrong(String word) {
    return new SessionException("wrong argument: '" + word + "'");
  }

  /** Reads a word and what belongs to it; the number of the word after that. */
  private int read(List<String> words, int i) throws SessionException {
    String word = words.get(i);
    boolean more = i + 1 < words.size();
    switch (word) {
      case "-u" -> which = Places.Which.USER;
      case "-r" -> which = Places.Which.CURRENT;
      case "-g" -> which = Places.Which.STATEMENT;
      case "-s" -> which = Places.Which.START;
      case "-l" -> labels = true;
      case "-t" -> {
        stacks = true;
        if (more && words.get(i + 1).matches("\\d{1,6}")) {
          depth = Integer.parseInt(words.get(i + 1));
          return i + 2;
        }
      }
      case "-w", "-with", "-wo", "-without" -> {
        try {
          boolean negated = word.equals("-wo") || word.equals("-without");
          return GoroutineList.filter(words, i + 1, negated, filters);
        } catch (SessionException e) {
          throw wrong(word);
        }
      }
      case "-group" -> {
        group = GoroutineList.field(more ? words.get(i + 1) : "");
        boolean byLabel = group == GoroutineList.Field.LABEL;
        if (group == GoroutineList.Field.NONE || (byLabel && i + 2 >= words.size())) {
          throw wrong(word);
        }
        groupKey = byLabel ? words.get(i + 2) : "";
        return byLabel ? i + 3 : i + 2;
      }
      case "-chan" -> {
        if (!more) {
          throw new SessionException("not enough arguments after -chan");
        }
        channel = words.get(i + 1);
        return i + 2;
      }
      case "-exec" -> {
        command = String.join(" ", words.subList(i + 1, words.size()));
        return words.size();
      }
      default -> throw wrong(word);
    }
    return i + 1;
  }

  /**
   * Lists them.
   *
   * @param scope where the expression of a channel is evaluated
   */
  void run(Scope scope, Command runner) throws SessionException {
    String expression = channel;
    List<Goroutine> all;
    if (expression == null) {
      all = session.goroutines().all();
    } else {
      Variable v = session.evaluate(expression, scope, LoadLimits.SHORT);
      all = session.goroutines().waitingAt(v.base);
    }
    all = GoroutineList.filter(session, all, filters);
    if (group == GoroutineList.Field.NONE) {
      List<Goroutine> sorted = new ArrayList<>(all);
      sorted.sort(Comparator.comparingLong(Goroutine::id));
      show(sorted, "", runner);
      if (!all.isEmpty()) {
        out.println("[" + all.size() + " goroutines]");
      }
      return;
    }
    List<GoroutineList.Group> groups =
        GoroutineList.group(session, all, group, groupKey, GROUP_MEMBERS);
    boolean tooMany = groups.size() > GROUPS;
    groups = tooMany ? groups.subList(0, GROUPS) : groups;
    for (int i = 0; i < groups.size(); i++) {
      out.println(groups.get(i).name());
      show(groups.get(i).members(), "\t", runner);
      out.println("\tTotal: " + groups.get(i).total());
      if (i < groups.size() - 1) {
        out.println();
      }
    }
    if (tooMany) {
      out.println("Too many groups");
    }
  }

  private void show(List<Goroutine> all, String indent, Command runner) throws SessionException {
    Goroutine selected = session.selected();
    for (int from = 0; from < all.size(); from += BATCH) {
      List<Goroutine> part = all.subList(from, Math.min(from + BATCH, all.size()));
      List<Places.Place> places = session.places().ofAll(part, which);
      List<List<Frame>> frames =
          stacks ? session.stacks().ofAll(part, depth + 1) : List.<List<Frame>>of();
      for (int i = 0; i < part.size(); i++) {
        Goroutine g = part.get(i);
        out.print(indent);
        out.print(selected != null && selected.id() == g.id() ? "* Goroutine " : "  Goroutine ");
        out.println(printer.goroutine(g, which, places.get(i)));
        if (labels) {
          printer.labels(g, indent + "\t");
        }
        if (stacks) {
          printer.stack(frames.get(i), indent + "\t", Printer.StackView.PLAIN, g);
        }
        if (!command.isEmpty()) {
          runner.run(g.id(), command);
        }
      }
    }
  }
}
