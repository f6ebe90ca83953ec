// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hearth.kit.problem.Problem;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NamesTest {
  @Test
  void labelsAreThoseOfHostNames() {
    for (String good : List.of("a", "0", "data-1", "x".repeat(63))) {
      assertThat(Identifiers.checkLabel("id", good, 63)).isEqualTo(good);
    }
    for (String bad :
        List.of(
            "",
            "-",
            "-a",
            "a-",
            "A",
            "a.b",
            "a/b",
            "..",
            ".",
            "a b",
            "ä",
            "a\u0000",
            "a\n",
            "x".repeat(64),
            "a_b",
            "%2e")) {
      assertThatThrownBy(() -> Identifiers.checkLabel("id", bad, 63))
          .as(bad)
          .isInstanceOf(Problem.class);
    }
  }

  @Test
  void resourceNamesAreTakenApartAndNothingElsePasses() {
    String pattern = "accounts/{account}/volumes/{volume}";
    assertThat(ResourceName.parse("name", pattern, "accounts/ann/volumes/data"))
        .containsExactly("ann", "data");
    for (String bad :
        List.of(
            "",
            "accounts",
            "accounts/ann",
            "accounts/ann/volumes/",
            "accounts//volumes/data",
            "/accounts/ann/volumes/data",
            "accounts/ann/volumes/data/",
            "accounts/../volumes/data",
            "accounts/ann/tokens/data",
            "accounts/ann/volumes/a/b")) {
      assertThatThrownBy(() -> ResourceName.parse("name", pattern, bad))
          .as(bad)
          .isInstanceOf(Problem.class);
    }
  }

  @Test
  void randomIdentifiersDiffer() {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      assertThat(seen.add(Identifiers.randomHex(8))).isTrue();
    }
    assertThat(Identifiers.randomHex(8)).matches("[0-9a-f]{16}");
  }

  @Test
  void controlCharactersAreMadeVisible() {
    assertThat(Identifiers.printable("a\u001b[31mb\n")).doesNotContain("\u001b").hasSize(8);
  }
}
