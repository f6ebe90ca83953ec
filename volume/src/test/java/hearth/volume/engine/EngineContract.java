// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every engine promises; each engine's test extends it. */
abstract class EngineContract {
  private static final String UID = "0123456789abcdef0123456789abcdef";
  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  abstract Engine engine(Path folder) throws IOException;

  @Test
  void aNewVolumeIsZerosAndTakesNoSpace() throws IOException {
    engine(folder).create(UID, 64L * MIB);
    try (VolumeData data = engine(folder).open(UID)) {
      assertThat(data.size()).isEqualTo(64L * MIB);
      assertThat(read(data, 63 * MIB, 4096)).containsOnly(0);
      assertThat(data.usedBytes()).isLessThan(MIB);
    }
  }

  @Test
  void whatWasWrittenAndFlushedIsThereAfterReopening() throws IOException {
    byte[] bytes = new byte[123_456];
    new Random(1).nextBytes(bytes);
    engine(folder).create(UID, 16L * MIB);
    try (VolumeData data = engine(folder).open(UID)) {
      data.write(777, ByteBuffer.wrap(bytes));
      data.flush();
    }
    try (VolumeData data = engine(folder).open(UID)) {
      assertThat(read(data, 777, bytes.length)).isEqualTo(bytes);
      assertThat(read(data, 0, 777)).containsOnly(0);
    }
  }

  @Test
  void anErasedVolumeIsZerosAndNoFileHoldsWhatItHeldNorWhatItHeldBefore() throws IOException {
    byte[] former = "what was there before ".repeat(40_000).getBytes(StandardCharsets.UTF_8);
    byte[] latter = "what is there at last ".repeat(40_000).getBytes(StandardCharsets.UTF_8);
    byte[] small = "a few words in the log".repeat(100).getBytes(StandardCharsets.UTF_8);
    engine(folder).create(UID, 16L * MIB);
    try (VolumeData data = engine(folder).open(UID)) {
      data.write(4096, ByteBuffer.wrap(former));
      data.flush();
      data.write(4096, ByteBuffer.wrap(latter));
      data.write(8L * MIB, ByteBuffer.wrap(small));
      data.flush();
      assertThat(inFiles("what is there at last")).as("the search finds").isTrue();
      data.erase(() -> false);
      for (String trace :
          new String[] {"what was there before", "what is there at last", "a few words in"}) {
        assertThat(inFiles(trace)).as(trace).isFalse();
      }
      assertThat(read(data, 0, 16 * MIB)).containsOnly(0);
      assertThat(data.usedBytes()).isLessThan(MIB);
      data.write(0, ByteBuffer.wrap(small));
      data.flush();
    }
    try (VolumeData data = engine(folder).open(UID)) {
      assertThat(read(data, 0, small.length)).isEqualTo(small);
      assertThat(read(data, MIB, 15 * MIB)).containsOnly(0);
    }
  }

  private boolean inFiles(String words) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(words)) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void aDiscardedRangeReadsAsZerosAndGivesItsSpaceBack() throws IOException {
    engine(folder).create(UID, 16L * MIB);
    try (VolumeData data = engine(folder).open(UID)) {
      byte[] ones = new byte[8 * MIB];
      java.util.Arrays.fill(ones, (byte) 1);
      data.write(0, ByteBuffer.wrap(ones));
      data.flush();
      long before = data.usedBytes();
      data.discard(100, 6L * MIB);
      data.flush();
      assertThat(read(data, 100, 6 * MIB)).containsOnly(0);
      assertThat(read(data, 0, 100)).containsOnly(1);
      assertThat(read(data, 100 + 6 * MIB, 1000)).containsOnly(1);
      assertThat(data.usedBytes()).isLessThan(before);
    }
  }

  @Test
  void extentsTellWhatIsHeld() throws IOException {
    engine(folder).create(UID, 16L * MIB);
    try (VolumeData data = engine(folder).open(UID)) {
      data.write(4L * MIB, ByteBuffer.wrap(new byte[] {1}));
      data.flush();
      assertThat(data.extentAt(0).held()).isFalse();
      assertThat(data.extentAt(4L * MIB).held()).isTrue();
      for (long offset = 0; offset < data.size(); ) {
        VolumeData.Extent extent = data.extentAt(offset);
        assertThat(extent.length()).isPositive();
        offset += extent.length();
        assertThat(offset).isLessThanOrEqualTo(data.size());
      }
    }
  }

  @Test
  void growingKeepsTheOldAndAddsZeros() throws IOException {
    engine(folder).create(UID, MIB);
    try (VolumeData data = engine(folder).open(UID)) {
      data.write(0, ByteBuffer.wrap(new byte[] {7}));
      data.grow(2L * MIB);
      assertThat(data.size()).isEqualTo(2L * MIB);
      assertThat(read(data, 0, 1)).containsExactly(7);
      assertThat(read(data, MIB, MIB)).containsOnly(0);
    }
  }

  @Test
  void rangesOutsideAreRefused() throws IOException {
    engine(folder).create(UID, MIB);
    try (VolumeData data = engine(folder).open(UID)) {
      assertThatThrownBy(() -> data.write(MIB - 1, ByteBuffer.allocate(2)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> data.read(-1, ByteBuffer.allocate(1)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> data.discard(Long.MAX_VALUE, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void dataIsMadeOnceListedAndDeletedForGood() throws IOException {
    Engine engine = engine(folder);
    engine.create(UID, MIB);
    assertThat(engine.list()).containsExactly(UID);
    assertThatThrownBy(() -> engine.create(UID, MIB))
        .isInstanceOf(FileAlreadyExistsException.class);
    engine.delete(UID);
    engine.delete(UID);
    assertThat(engine.list()).isEmpty();
    assertThatThrownBy(() -> engine.open(UID)).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> engine.create("../escape", MIB))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static byte[] read(VolumeData data, long offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    data.read(offset, buffer);
    return buffer.array();
  }
}
