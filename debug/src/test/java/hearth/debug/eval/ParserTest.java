// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is an expression and what is none. */
class ParserTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "a+b*c | a + b * c",
        "a . b [ 1 ] | a.b[1]",
        "*p.x | *p.x",
        "(*p).x | (*p).x",
        "x.(*main.T) | x.(*main.T)",
        "x.(data) | x.(data)",
        "m[\"k\"][1:] | m[\"k\"][1:]",
        "f(1,2) | f(1, 2)",
        "[]int(x) | []int(x)",
        "map[string]int(x) | map[string]int(x)"
      })
  void keepsTheSource(String source, String written) {
    assertThat(Parser.parse(source).toString()).isEqualTo(written);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      value = {
        "1 + | 1:4: expected operand, found 'EOF'",
        "(1 | 1:3: expected ')', found newline",
        "a b | 1:3: expected 'EOF', found b",
        "\"x | 1:1: string literal not terminated"
      })
  void tellsWhatIsWrongAndWhere(String source, String message) {
    assertThatThrownBy(() -> Parser.parse(source))
        .isInstanceOf(EvalException.class)
        .hasMessage(message);
  }

  @Test
  void nestingIsBounded() {
    assertThatThrownBy(() -> Parser.parse("(".repeat(60_000)))
        .isInstanceOf(EvalException.class)
        .hasMessageContaining("nested too deeply");
    assertThatThrownBy(() -> Parser.parse("[]".repeat(30_000) + "int"))
        .isInstanceOf(EvalException.class);
    assertThatThrownBy(() -> Parser.parse("-".repeat(60_000) + "1"))
        .isInstanceOf(EvalException.class);
    assertThatThrownBy(() -> Parser.parse("a".repeat(70_000)))
        .isInstanceOf(EvalException.class)
        .hasMessageContaining("longer than");
  }

  @FuzzTest
  void anythingIsReadOrRefused(@Nullable String source) {
    if (source == null) {
      return;
    }
    try {
      assertThat(Parser.parse(source).toString()).isNotNull();
    } catch (EvalException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }
}
