// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.dwarf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpressionTextTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "9160, 'DW_OP_fbreg -0x20 '",
        "9c, 'DW_OP_call_frame_cfa '",
        "5093085393 08, 'DW_OP_reg0(R0) DW_OP_piece 0x8 DW_OP_reg3(R3) DW_OP_piece 0x8 '",
        "7708, 'DW_OP_breg7(R7) 0x8 '",
        "9221 7f, 'DW_OP_bregx 0x21 (R33)-0x1 '",
        "0398 7f5b 0000 0000 00, 'DW_OP_addr 0x5b7f98 '",
        "31229f, 'DW_OP_lit1 DW_OP_plus DW_OP_stack_value '",
        "9e02 0a0b, 'DW_OP_implicit_value 2 [0a0b] '",
        "e0 96, '0xe0 DW_OP_nop '",
        "0398, 'DW_OP_addr ?'",
        "9e7f 00, 'DW_OP_implicit_value ?'",
      })
  void isNamed(String bytes, String text) {
    byte[] expression = HexFormat.of().parseHex(bytes.replace(" ", ""));
    assertThat("'" + ExpressionText.of(expression, n -> "R" + n) + "'").isEqualTo(text);
  }
}
