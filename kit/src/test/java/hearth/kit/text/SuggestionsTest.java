// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SuggestionsTest {
  private static final List<String> WORDS =
      List.of("volume", "account", "token", "list", "show", "create", "update", "delete");

  @Test
  void oneEditIsForgivenAndNonsenseIsNot() {
    for (String word : WORDS) {
      for (int i = 0; i < word.length(); i++) {
        String dropped = word.substring(0, i) + word.substring(i + 1);
        assertThat(Suggestions.closest(dropped, WORDS)).as(dropped).contains(word);
      }
    }
    assertThat(Suggestions.closest("zzzzzzzz", WORDS)).isEmpty();
    assertThat(Suggestions.closest("crete", WORDS)).hasSizeLessThanOrEqualTo(3).contains("create");
  }
}
