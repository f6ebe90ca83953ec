// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.goruntime.Goroutine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Goroutines that filters let through, and groups of them. For the session's thread. */
public final class GoroutineList {
  private GoroutineList() {}

  /** What of a goroutine a filter looks at. The order is that of Delve's interface. */
  public enum Field {
    NONE(null),
    CURRENT(Places.Which.CURRENT),
    USER_PLACE(Places.Which.USER),
    STATEMENT(Places.Which.STATEMENT),
    START(Places.Which.START),
    LABEL(null),
    RUNNING(null),
    USER(null),
    CHANNEL(null);

    private final Places.@Nullable Which place;

    Field(Places.@Nullable Which place) {
      this.place = place;
    }
  }

  /**
   * A condition on goroutines.
   *
   * @param negated whether those are wanted that do not meet it
   * @param argument part of the place's text, or {@code label} or {@code label=value}
   */
  public record Filter(Field field, boolean negated, String argument) {}

  /**
   * Goroutines that have something in common.
   *
   * @param members not more than were asked for
   * @param total how many there are
   */
  public record Group(String name, List<Goroutine> members, int total) {}

  /**
   * Reads filters as the command {@code goroutines} takes them: {@code -with userloc main} and the
   * like.
   *
   * @throws SessionException if a word is none of a filter's
   */
  public static List<Filter> filters(String text) throws SessionException {
    List<String> words = Words.all(text);
    List<Filter> result = new ArrayList<>();
    int i = 0;
    while (i < words.size()) {
      String word = words.get(i);
      boolean negated = word.equals("-without") || word.equals("-wo");
      if (!negated && !word.equals("-with") && !word.equals("-w")) {
        throw new SessionException("wrong argument: '" + word + "'");
      }
      i = filter(words, i + 1, negated, result);
    }
    return result;
  }

  /** Reads one filter from a word on; the number of the word after it. */
  public static int filter(List<String> words, int from, boolean negated, List<Filter> into)
      throws SessionException {
    String name = from < words.size() ? words.get(from) : "";
    Field field = field(name);
    if (field == Field.NONE) {
      throw new SessionException("wrong argument: '" + name + "'");
    }
    if (field == Field.RUNNING || field == Field.USER) {
      into.add(new Filter(field, negated, ""));
      return from + 1;
    }
    if (from + 1 >= words.size()) {
      throw new SessionException("not enough arguments after " + name);
    }
    into.add(new Filter(field, negated, words.get(from + 1)));
    return from + 2;
  }

  /** The field that a word names, or {@link Field#NONE}. */
  public static Field field(String name) {
    return switch (name) {
      case "curloc" -> Field.CURRENT;
      case "userloc" -> Field.USER_PLACE;
      case "goloc" -> Field.STATEMENT;
      case "startloc" -> Field.START;
      case "label" -> Field.LABEL;
      case "running" -> Field.RUNNING;
      case "user" -> Field.USER;
      default -> Field.NONE;
    };
  }

  /** Those that all filters let through, in their order. */
  public static List<Goroutine> filter(Session session, List<Goroutine> all, List<Filter> filters) {
    List<Goroutine> left = all;
    for (Filter filter : filters) {
      if (filter.field == Field.NONE || filter.field == Field.CHANNEL) {
        continue;
      }
      List<Places.Place> places = places(session, left, filter.field);
      List<Goroutine> passed = new ArrayList<>();
      for (int i = 0; i < left.size(); i++) {
        Places.Place place = places.isEmpty() ? null : places.get(i);
        if (matches(session, left.get(i), place, filter) != filter.negated) {
          passed.add(left.get(i));
        }
      }
      left = passed;
    }
    return left;
  }

  private static List<Places.Place> places(Session session, List<Goroutine> all, Field field) {
    Places.Which which = field.place;
    return which == null ? List.of() : session.places().ofAll(all, which);
  }

  private static boolean matches(
      Session session, Goroutine g, Places.@Nullable Place place, Filter filter) {
    return switch (filter.field) {
      case CURRENT, USER_PLACE, STATEMENT, START ->
          place != null && text(place).contains(filter.argument);
      case LABEL -> {
        int equals = filter.argument.indexOf('=');
        Map<String, String> labels = session.goroutines().labels(g);
        yield equals < 0
            ? labels.containsKey(filter.argument)
            : filter
                .argument
                .substring(equals + 1)
                .equals(labels.getOrDefault(filter.argument.substring(0, equals), ""));
      }
      case RUNNING -> g.thread() != null;
      case USER -> !session.goroutines().isSystem(g);
      case NONE, CHANNEL -> true;
    };
  }

  private static String text(Places.Place place) {
    String function = place.code() == null ? "?" : place.function();
    return place.file() + ":" + place.line() + " in " + function;
  }

  /**
   * Groups by a field, sorted by name.
   *
   * @param key of a label
   * @param members most wanted of each
   */
  public static List<Group> group(
      Session session, List<Goroutine> all, Field field, String key, int members) {
    List<Places.Place> places = places(session, all, field);
    Map<String, List<Goroutine>> groups = new TreeMap<>();
    Map<String, Integer> totals = new TreeMap<>();
    for (int i = 0; i < all.size(); i++) {
      Goroutine g = all.get(i);
      String name =
          switch (field) {
            case CURRENT, USER_PLACE, STATEMENT, START -> text(places.get(i));
            case LABEL -> key + "=" + session.goroutines().labels(g).getOrDefault(key, "");
            case RUNNING -> "running=" + (g.thread() != null);
            case USER -> "user=" + !session.goroutines().isSystem(g);
            case NONE, CHANNEL -> "";
          };
      List<Goroutine> group = groups.computeIfAbsent(name, n -> new ArrayList<>());
      if (group.size() < members) {
        group.add(g);
      }
      totals.merge(name, 1, Integer::sum);
    }
    List<Group> result = new ArrayList<>();
    groups.forEach(
        (name, group) -> result.add(new Group(name, group, totals.getOrDefault(name, 0))));
    return result;
  }
}
