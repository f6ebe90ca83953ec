// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.listing;

import hearth.kit.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * How one kind of resource is listed. A page token carries the position (the values ordered by, of
 * the last item returned), so that items created or deleted between two pages neither repeat nor
 * hide others, and a checksum of the other arguments, so that changing them is noticed (AIP-158).
 */
public final class Listing<T> {
  /** Items of a page when the caller does not say. */
  public static final int DEFAULT_PAGE = 100;

  /** Most items of a page. */
  public static final int LARGEST_PAGE = 1000;

  private final Fields<T> fields;
  private final String key;

  /**
   * Describes a list.
   *
   * @param key name of a field that is different in every item; orders equal ones
   */
  public Listing(Fields<T> fields, String key) {
    this.fields = fields;
    this.key = key;
  }

  /** One page and the token of the next, which is empty on the last page. */
  public record Page<T>(List<T> items, String nextPageToken) {}

  /** What a request asks for; {@code scope} is whatever else decides what is listed. */
  public record Query(
      String scope, int pageSize, String pageToken, String filter, String orderBy) {}

  /** Cuts the page out of everything that there is. */
  public Page<T> page(List<T> all, Query query) {
    if (query.pageSize() < 0) {
      throw Problem.invalid(
          "page_size",
          query.pageSize() + " is negative",
          "Use 1 to " + LARGEST_PAGE + ", or 0 for " + DEFAULT_PAGE);
    }
    int size = query.pageSize() == 0 ? DEFAULT_PAGE : Math.min(query.pageSize(), LARGEST_PAGE);
    List<Order<T>> orders = orders(query.orderBy());
    Comparator<List<Object>> comparator = comparator(orders);
    Function<T, List<Object>> position =
        item -> orders.stream().map(order -> order.getter().apply(item)).toList();
    String checksum =
        Integer.toHexString(Objects.hash(query.scope(), query.filter(), query.orderBy()));
    List<T> matching =
        all.stream()
            .filter(Filter.compile(fields, query.filter()))
            .sorted((a, b) -> comparator.compare(position.apply(a), position.apply(b)))
            .toList();
    if (!query.pageToken().isEmpty()) {
      List<Object> after = decode(query.pageToken(), checksum, orders.size());
      matching =
          matching.stream()
              .filter(item -> compareSafely(comparator, position.apply(item), after) > 0)
              .toList();
    }
    if (matching.size() <= size) {
      return new Page<>(matching, "");
    }
    List<T> items = List.copyOf(matching.subList(0, size));
    return new Page<>(items, encode(checksum, position.apply(items.getLast())));
  }

  private record Order<T>(Function<T, Object> getter, boolean descending) {}

  private List<Order<T>> orders(String orderBy) {
    List<Order<T>> orders = new ArrayList<>();
    if (!orderBy.isBlank()) {
      for (String part : orderBy.split(",", 12)) {
        String[] words = part.strip().split("\\s+", -1);
        boolean descending = words.length == 2 && words[1].equals("desc");
        if (words.length > 2 || (words.length == 2 && !descending && !words[1].equals("asc"))) {
          throw Problem.invalid(
              "order_by",
              "'" + part.strip() + "' is not a field to order by",
              "Write such as: size_bytes desc, name");
        }
        orders.add(new Order<>(fields.find("order_by", words[0]), descending));
      }
    }
    orders.add(
        new Order<>(
            fields.find("order_by", key), !orders.isEmpty() && orders.getFirst().descending()));
    return orders;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private Comparator<List<Object>> comparator(List<Order<T>> orders) {
    return (a, b) -> {
      for (int i = 0; i < orders.size(); i++) {
        if (a.get(i) instanceof Comparable left) {
          int comparison = left.compareTo(b.get(i));
          if (comparison != 0) {
            return orders.get(i).descending() ? -comparison : comparison;
          }
        }
      }
      return 0;
    };
  }

  private static int compareSafely(
      Comparator<List<Object>> comparator, List<Object> item, List<Object> after) {
    try {
      return comparator.compare(item, after);
    } catch (ClassCastException e) {
      throw badToken();
    }
  }

  private static String encode(String checksum, List<Object> position) {
    StringBuilder text = new StringBuilder(checksum);
    for (Object value : position) {
      text.append('\0')
          .append(
              switch (value) {
                case Long number -> "l" + number;
                case Boolean truth -> "b" + truth;
                case Instant time -> "t" + time;
                default -> "s" + value;
              });
    }
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static List<Object> decode(String token, String checksum, int values) {
    try {
      String[] parts =
          new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8).split("\0", -1);
      if (!parts[0].equals(checksum) || parts.length != values + 1) {
        throw badToken();
      }
      return Arrays.stream(parts).skip(1).map(Listing::value).toList();
    } catch (RuntimeException e) {
      throw e instanceof Problem problem ? problem : badToken();
    }
  }

  private static Object value(String part) {
    String text = part.substring(1);
    return switch (part.charAt(0)) {
      case 'l' -> Long.valueOf(text);
      case 'b' -> Boolean.valueOf(text);
      case 't' -> Instant.parse(text);
      default -> text;
    };
  }

  private static Problem badToken() {
    return Problem.invalid(
        "page_token",
        "does not belong to this list, or the other arguments changed",
        "Ask for the first page again, without a page token");
  }
}
