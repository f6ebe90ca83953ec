// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.disassembly;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Instructions of real programs, with what golang.org/x/arch v0.28.0 makes of them: address, bytes,
 * Intel's words, Go's.
 */
class SyntaxTest {
  private static List<String> lines() throws Exception {
    try (InputStream in = SyntaxTest.class.getResourceAsStream("instructions.tsv")) {
      byte[] bytes = Objects.requireNonNull(in).readAllBytes();
      return new String(bytes, StandardCharsets.UTF_8).lines().toList();
    }
  }

  @Test
  void saysWhatOthersSay() throws Exception {
    List<String> wrong = new ArrayList<>();
    List<String> all = lines();
    for (String line : all) {
      String[] parts = line.split("\t", -1);
      byte[] bytes = HexFormat.of().parseHex(parts[1]);
      byte[] code = Arrays.copyOf(bytes, bytes.length + 15);
      Decoded decoded = Decoded.at(code, 0, Long.parseLong(parts[0], 16));
      String intel = Syntax.INTEL.text(decoded, a -> null);
      String go = Syntax.GO.text(decoded, a -> null);
      if (!Arrays.equals(decoded.bytes(), bytes)
          || !intel.equals(parts[2])
          || !go.equals(parts[3])) {
        wrong.add(line + " but was " + intel + " and " + go);
      }
    }
    assertThat(all).hasSizeGreaterThan(500);
    assertThat(wrong).isEmpty();
  }

  @Test
  void namesStandForAddresses() {
    Syntax.Symbols symbols = address -> new Syntax.Symbol("main.x", 0x1000);
    byte[] lea = HexFormat.of().parseHex("488d0590ffffff");
    Decoded before = Decoded.at(lea, 0, 0x1069);
    assertThat(Syntax.INTEL.text(before, symbols)).isEqualTo("lea rax, ptr [main.x]");
    assertThat(Syntax.GO.text(before, symbols)).isEqualTo("LEAQ main.x(SB), AX");
    Decoded after = Decoded.at(lea, 0, 0x1071);
    assertThat(Syntax.INTEL.text(after, symbols)).isEqualTo("lea rax, ptr [main.x+8]");
    byte[] call = HexFormat.of().parseHex("e8fbffffff");
    assertThat(Syntax.INTEL.text(Decoded.at(call, 0, 0x1000), symbols)).isEqualTo("call main.x");
  }

  @Test
  void anyBytesAreTakenApart() {
    Random random = new Random(7);
    byte[] code = new byte[1 << 16];
    random.nextBytes(code);
    int at = 0;
    while (at < code.length) {
      Decoded decoded = Decoded.at(code, at, at);
      assertThat(decoded.bytes()).hasSizeBetween(1, 15);
      assertThat(Syntax.INTEL.text(decoded, a -> null)).isNotEmpty();
      assertThat(Syntax.GO.text(decoded, a -> null)).isNotEmpty();
      at += decoded.bytes().length;
    }
  }
}
