// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.unit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteSizeTest {
  @Test
  void sizesAreReadWithBinaryAndDecimalUnits() {
    assertThat(ByteSize.parse("0")).isZero();
    assertThat(ByteSize.parse("4096")).isEqualTo(4096);
    assertThat(ByteSize.parse("10GiB")).isEqualTo(10L << 30);
    assertThat(ByteSize.parse("10g")).isEqualTo(10L << 30);
    assertThat(ByteSize.parse("1.5 TB")).isEqualTo(1_500_000_000_000L);
    assertThat(ByteSize.parse("0.5KiB")).isEqualTo(512);
    assertThat(ByteSize.parse("9223372036854775807")).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void whatIsNoSizeIsRefusedInWords() {
    for (String text :
        new String[] {
          "",
          " ",
          "ten",
          "-1",
          "1e9",
          "1GiBs",
          "1.5",
          "0.3KiB",
          "GiB",
          "9223372036854775808",
          "99999999999PiB",
          "1 2",
          "0x10",
          "١",
          "1".repeat(1000)
        }) {
      assertThatThrownBy(() -> ByteSize.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class)
          .message()
          .hasSizeBetween(10, 200);
    }
  }

  @Test
  void whatIsShownIsNearWhatItIs() {
    assertThat(ByteSize.format(0)).isEqualTo("0 B");
    assertThat(ByteSize.format(10L << 30)).isEqualTo("10 GiB");
    Random random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      long bytes = random.nextLong() >>> (1 + random.nextInt(62));
      double back = Double.parseDouble(ByteSize.format(bytes).replaceAll("[^0-9.].*", ""));
      assertThat(ByteSize.format(bytes)).matches("\\d{1,4}(\\.\\d{1,2})? ([KMGTPE]i)?B");
      assertThat(back).isBetween(0.0, 1024.0);
    }
  }
}
