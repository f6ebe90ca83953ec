// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.listing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hearth.kit.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Pages, orders and filters of lists (AIP-132, 158, 160). */
class ListingTest {
  private record Thing(String name, long size, boolean ready) {}

  private static final Listing<Thing> LISTING =
      new Listing<>(
          new Fields<Thing>()
              .with("name", Thing::name)
              .with("size_bytes", Thing::size)
              .with("ready", Thing::ready),
          "name");

  private static final List<Thing> THINGS =
      IntStream.range(0, 25)
          .mapToObj(i -> new Thing("thing-%02d".formatted(i), i % 5 * 1024L, i % 2 == 0))
          .toList();

  private static List<String> names(String filter, String order) {
    return LISTING.page(THINGS, new Listing.Query("p", 1000, "", filter, order)).items().stream()
        .map(Thing::name)
        .toList();
  }

  @Test
  void pagesTogetherAreTheListWithNothingTwice() {
    for (String order : List.of("", "size_bytes", "size_bytes desc, name desc", "ready")) {
      List<Thing> all = new ArrayList<>();
      String token = "";
      int pages = 0;
      do {
        Listing.Page<Thing> page =
            LISTING.page(THINGS, new Listing.Query("p", 4, token, "", order));
        assertThat(page.items().size()).isLessThanOrEqualTo(4);
        all.addAll(page.items());
        token = page.nextPageToken();
        pages++;
      } while (!token.isEmpty());
      assertThat(pages).isEqualTo(7);
      assertThat(all).as(order).containsExactlyInAnyOrderElementsOf(THINGS);
    }
  }

  @Test
  void aThingMadeBetweenPagesMovesNoneOfTheOthers() {
    Listing.Page<Thing> first = LISTING.page(THINGS, new Listing.Query("p", 10, "", "", ""));
    List<Thing> more = new ArrayList<>(THINGS);
    more.add(new Thing("a-new-one", 1, true));
    Listing.Page<Thing> second =
        LISTING.page(more, new Listing.Query("p", 10, first.nextPageToken(), "", ""));
    assertThat(second.items().getFirst().name()).isEqualTo("thing-10");
  }

  @Test
  void filtersCompareTextNumbersSizesAndTruth() {
    assertThat(names("name = thing-03", "")).containsExactly("thing-03");
    assertThat(names("name = \"thing-0*\"", "")).hasSize(10);
    assertThat(names("name:THING-1", "")).hasSize(10);
    assertThat(names("size_bytes >= 3KiB", "")).hasSize(10);
    assertThat(names("size_bytes > 3KiB AND ready = true", "")).hasSize(3);
    assertThat(names("NOT ready = true", "")).hasSize(12);
    assertThat(names("-ready = true", "")).hasSize(12);
    assertThat(names("name = thing-01 OR name = thing-02", "")).hasSize(2);
    assertThat(names("(name = thing-01 OR name = thing-02) AND ready = true", ""))
        .containsExactly("thing-02");
    assertThat(names("", "name desc").getFirst()).isEqualTo("thing-24");
  }

  @Test
  void whatCannotBeUnderstoodIsRefusedInWords() {
    for (String filter :
        List.of(
            "(",
            ")",
            "name",
            "name =",
            "= x",
            "nonsense = 1",
            "size_bytes > ten",
            "AND",
            "name = a b",
            "name = \"x",
            "NOT",
            "((((",
            "(".repeat(100_000),
            "NOT ".repeat(100_000) + "ready = true")) {
      assertThatThrownBy(() -> names(filter, ""))
          .as(filter.substring(0, Math.min(20, filter.length())))
          .isInstanceOf(Problem.class);
    }
    for (String order : List.of("nonsense", "name up", ",", "name,,size_bytes")) {
      assertThatThrownBy(() -> names("", order)).as(order).isInstanceOf(Problem.class);
    }
    for (String token : List.of("x", "!!!!", "AAAA", "A".repeat(10_000))) {
      assertThatThrownBy(() -> LISTING.page(THINGS, new Listing.Query("p", 4, token, "", "")))
          .as(token.substring(0, 1))
          .isInstanceOf(Problem.class);
    }
    assertThatThrownBy(() -> LISTING.page(THINGS, new Listing.Query("p", -1, "", "", "")))
        .isInstanceOf(Problem.class);
    String token = LISTING.page(THINGS, new Listing.Query("p", 4, "", "", "")).nextPageToken();
    assertThatThrownBy(
            () -> LISTING.page(THINGS, new Listing.Query("p", 4, token, "ready = true", "")))
        .as("a token belongs to its query")
        .isInstanceOf(Problem.class);
  }
}
