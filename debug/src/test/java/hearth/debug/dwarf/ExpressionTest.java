// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dwarf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import hearth.debug.binary.BadBinaryException;
import hearth.debug.dwarf.Expression.Location;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Location expressions (DWARF 5 §2.5, §2.6). */
class ExpressionTest {
  private static final Expression.Context CONTEXT =
      new Expression.Context() {
        @Override
        public long register(int number) {
          return 1000L + number;
        }

        @Override
        public long cfa() {
          return 0x7000;
        }

        @Override
        public long frameBase() {
          return 0x6000;
        }

        @Override
        public long memory(long address, int size) {
          return address + 1;
        }

        @Override
        public long bias() {
          return 0x100000;
        }
      };

  private static Location locate(String hex) {
    return Expression.locate(HexFormat.of().parseHex(hex), CONTEXT);
  }

  @Test
  void addressesRegistersAndFrames() {
    assertThat(locate("9c")).isEqualTo(new Location.Address(0x7000));
    assertThat(locate("9178")).isEqualTo(new Location.Address(0x6000 - 8));
    assertThat(locate("030010000000000000")).isEqualTo(new Location.Address(0x101000));
    assertThat(locate("50")).isEqualTo(new Location.Register(0));
    assertThat(locate("7710")).isEqualTo(new Location.Address(1007 + 16));
    assertThat(locate("")).isEqualTo(new Location.Missing());
  }

  @Test
  void arithmeticAndBranches() {
    assertThat(locate("323322")).isEqualTo(new Location.Address(5));
    assertThat(locate("35331c")).isEqualTo(new Location.Address(2));
    assertThat(locate("31280100323335")).isEqualTo(new Location.Address(5));
  }

  @Test
  void piecesKeepTheirOrder() {
    Location location = locate("50930853930893089308");
    assertThat(location).isInstanceOf(Location.Pieces.class);
    assertThat(((Location.Pieces) location).pieces())
        .containsExactly(
            new Expression.Piece(8, new Location.Register(0)),
            new Expression.Piece(8, new Location.Register(3)),
            new Expression.Piece(8, new Location.Missing()),
            new Expression.Piece(8, new Location.Missing()));
  }

  @Test
  void whatIsWrongIsTold() {
    assertThatThrownBy(() -> locate("22")).isInstanceOf(BadBinaryException.class);
    assertThatThrownBy(() -> locate("31301b")).isInstanceOf(BadBinaryException.class);
    assertThatThrownBy(() -> locate("ff")).isInstanceOf(BadBinaryException.class);
    assertThatThrownBy(() -> locate("2ffdff"))
        .isInstanceOf(BadBinaryException.class)
        .hasMessageContaining("steps");
  }

  @FuzzTest
  void anythingIsEvaluatedOrRefused(byte[] code) {
    try {
      assertThat(Expression.locate(code, CONTEXT)).isNotNull();
    } catch (BadBinaryException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }
}
