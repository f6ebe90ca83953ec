// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {
  private static final long SIZE = 3L << 30;

  @TempDir Path folder;

  /** Pieces here and there, of which some share a cluster and some a table. */
  private static List<Piece> pieces() {
    Random random = new Random(5);
    List<Piece> pieces = new ArrayList<>();
    for (long offset :
        new long[] {4096, 12288, 65536 * 3, (1L << 29) - 4096, 1L << 30, SIZE - 8192}) {
      byte[] data = new byte[offset == 65536 * 3 ? 300_000 / 4096 * 4096 : 4096];
      random.nextBytes(data);
      pieces.add(Piece.of(offset, data));
    }
    return pieces;
  }

  private FileChannel open(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static List<Piece> read(DiskImage image) throws IOException {
    List<Piece> found = new ArrayList<>();
    for (long at = image.nextData(0); at < image.size(); at = image.nextData(at)) {
      long end = Math.min(image.endOfData(at), image.size());
      assertThat(end).isGreaterThan(at);
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(1 << 20, end - at));
      image.read(at, bytes);
      found.add(Piece.of(at, bytes.array()));
      at += bytes.capacity();
    }
    return found;
  }

  private static void assertHolds(DiskImage image) throws IOException {
    assertThat(image.size()).isEqualTo(SIZE);
    long held = 0;
    for (Piece piece : pieces()) {
      ByteBuffer bytes = ByteBuffer.allocate(piece.data().length);
      image.read(piece.offset(), bytes);
      assertThat(bytes.array()).isEqualTo(piece.data());
      assertThat(image.nextData(piece.offset())).isEqualTo(piece.offset());
      held += piece.data().length;
    }
    long told = 0;
    for (Piece piece : read(image)) {
      told += piece.data().length;
    }
    assertThat(told).isBetween(held, held + (2L << 20));
  }

  @Test
  void whatIsWrittenIsReadInBothFormats() throws IOException {
    for (String format : new String[] {"raw", "qcow2"}) {
      Path file = folder.resolve("a." + format);
      FileChannel channel = open(file);
      try (ImageWriter writer =
          format.equals("raw") ? new RawWriter(channel, SIZE) : new Qcow2Writer(channel, SIZE)) {
        for (Piece piece : pieces()) {
          writer.write(piece);
        }
        writer.finish();
      }
      try (DiskImage image = DiskImage.open(file)) {
        assertHolds(image);
      }
    }
  }

  @Test
  void aWriterThatIsToldWhatWasWrittenGoesOnInTheSamePlaces() throws IOException {
    Path file = folder.resolve("a.qcow2");
    List<Piece> pieces = pieces();
    try (ImageWriter writer = new Qcow2Writer(open(file), SIZE)) {
      for (Piece piece : pieces.subList(0, 4)) {
        writer.write(piece);
      }
      writer.sync();
    }
    try (ImageWriter writer = new Qcow2Writer(open(file), SIZE)) {
      for (Piece piece : pieces.subList(0, 3)) {
        writer.skip(piece.offset(), piece.data().length);
      }
      for (Piece piece : pieces.subList(3, pieces.size())) {
        writer.write(piece);
      }
      writer.finish();
    }
    try (DiskImage image = DiskImage.open(file)) {
      assertHolds(image);
    }
  }

  @Test
  void damagedImagesAreRefusedOrReadButNeverTakeTheProgramAlong() throws IOException {
    Path file = folder.resolve("a.qcow2");
    long size = 64L << 20;
    try (ImageWriter writer = new Qcow2Writer(open(file), size)) {
      writer.write(Piece.of(4096, new byte[100_000]));
      writer.finish();
    }
    byte[] good = Files.readAllBytes(file);
    Random random = new Random(11);
    int refused = 0;
    for (int i = 0; i < 500; i++) {
      byte[] bad = good.clone();
      for (int k = 0; k < 1 + i % 4; k++) {
        int where = i % 2 == 0 ? random.nextInt(112) : 65536 * (1 + i % 3) + random.nextInt(64);
        bad[Math.min(where, bad.length - 1)] = (byte) random.nextInt();
      }
      Files.write(
          file, i % 5 == 0 ? java.util.Arrays.copyOf(bad, random.nextInt(bad.length)) : bad);
      try (DiskImage image = DiskImage.open(file)) {
        long at = image.nextData(0);
        for (int steps = 0; at < image.size() && steps < 100; steps++) {
          long end = image.endOfData(at);
          image.read(at, ByteBuffer.allocate((int) Math.min(end - at, 1 << 20)));
          at = image.nextData(end);
        }
      } catch (ImageException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(100);
  }

  @Test
  void aBlockStreamIsReadAsItWasWrittenAndAnyDamageIsFound() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    BlockStreamWriter writer = new BlockStreamWriter(out, SIZE);
    for (Piece piece : pieces()) {
      writer.write(piece);
    }
    writer.finish();
    byte[] stream = out.toByteArray();
    BlockStreamReader reader = new BlockStreamReader(new ByteArrayInputStream(stream));
    assertThat(reader.size()).isEqualTo(SIZE);
    for (Piece piece : pieces()) {
      Piece found = reader.next().orElseThrow();
      assertThat(found.offset()).isEqualTo(piece.offset());
      assertThat(found.data()).isEqualTo(piece.data());
    }
    assertThat(reader.next()).isEmpty();
    for (int cut = 0; cut < stream.length; cut += 997) {
      byte[] shorter = java.util.Arrays.copyOf(stream, cut);
      assertThatThrownBy(() -> readAll(shorter)).isInstanceOf(ImageException.class);
    }
    for (int at = 24; at < stream.length - 32; at += 509) {
      byte[] flipped = stream.clone();
      flipped[at] ^= 4;
      assertThatThrownBy(() -> readAll(flipped)).isInstanceOf(ImageException.class);
    }
  }

  private static void readAll(byte[] stream) throws IOException {
    BlockStreamReader reader = new BlockStreamReader(new ByteArrayInputStream(stream));
    for (Optional<Piece> piece = reader.next(); piece.isPresent(); ) {
      piece = reader.next();
    }
  }

  @Test
  void aListOfBlocksForgetsOnlyItsUnfinishedLine() throws IOException {
    Path list = folder.resolve("a.blocks");
    Manifest manifest = Manifest.begin(list, Map.of("volume", "accounts/me/volumes/data"));
    manifest.add(Piece.of(0, new byte[4096]));
    manifest.add(Piece.of(8192, new byte[4096]));
    manifest.save();
    Files.writeString(list, "12288 4096 abc", StandardOpenOption.APPEND);
    Manifest again = Manifest.read(list);
    assertThat(again.entries()).hasSize(2);
    assertThat(again.complete()).isFalse();
    assertThat(again.fact("volume")).isEqualTo("accounts/me/volumes/data");
    again.add(Piece.of(12288, new byte[4096]));
    again.end();
    assertThat(Manifest.read(list).entries()).hasSize(3);
    assertThat(Manifest.read(list).complete()).isTrue();
    Files.writeString(list, "something else\n");
    assertThatThrownBy(() -> Manifest.read(list)).isInstanceOf(ImageException.class);
  }
}
