// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptorTest {
  @TempDir Path folder;

  /** The kernel gives the number to the next file: a second close would take it from that one. */
  @Test
  void whatIsClosedTwiceClosesNobodyElsesFile() throws IOException {
    Path mine = Files.writeString(folder.resolve("mine"), "mine");
    Path theirs = Files.writeString(folder.resolve("theirs"), "theirs");
    Posix.Descriptor first = Posix.Descriptor.open(mine);
    first.close();
    try (Posix.Descriptor second = Posix.Descriptor.open(theirs)) {
      first.close();
      assertThat(second.nextHole(0, 6)).isEqualTo(6);
    }
  }

  @Test
  void whatIsClosedTouchesNobodyElsesFile() throws IOException {
    Path mine = Files.writeString(folder.resolve("mine"), "mine");
    Path theirs = Files.writeString(folder.resolve("theirs"), "theirs");
    Posix.Descriptor first = Posix.Descriptor.open(mine);
    first.close();
    try (Posix.Descriptor _ = Posix.Descriptor.open(theirs)) {
      assertThatThrownBy(() -> first.setLength(0)).isInstanceOf(ClosedChannelException.class);
      assertThatThrownBy(() -> first.punchHole(0, 4096)).isInstanceOf(ClosedChannelException.class);
    }
    assertThat(theirs).hasContent("theirs");
  }
}
