// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine;

import hearth.kit.posix.Posix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A volume whose bytes are those of a sparse file or a block device, through the page cache; a
 * flush is {@code fdatasync}.
 */
final class RawVolume implements VolumeData {
  private final Path path;
  private final FileChannel channel;
  private final Posix.Descriptor descriptor;
  private final Optional<Headroom> headroom;
  private final AtomicBoolean fenced = new AtomicBoolean();
  private volatile long size;

  private RawVolume(
      Path path,
      FileChannel channel,
      Posix.Descriptor descriptor,
      Optional<Headroom> headroom,
      long size) {
    this.path = path;
    this.channel = channel;
    this.descriptor = descriptor;
    this.headroom = headroom;
    this.size = size;
  }

  static RawVolume openFile(Path file, Headroom headroom) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new NoSuchFileException(file.toString(), null, "the volume's data is not there");
    }
    return open(file, Optional.of(headroom));
  }

  static RawVolume openDevice(Path device) throws IOException {
    if (!Files.exists(device)) {
      throw new NoSuchFileException(device.toString(), null, "the block device is not there");
    }
    if (Files.isRegularFile(device) || Files.isDirectory(device)) {
      throw new IOException(device + " is not a block device");
    }
    return open(device, Optional.empty());
  }

  private static RawVolume open(Path path, Optional<Headroom> headroom) throws IOException {
    Posix.Descriptor descriptor = Posix.Descriptor.open(path);
    @Nullable FileChannel channel = null;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      long size = headroom.isEmpty() ? descriptor.deviceSize() : channel.size();
      return new RawVolume(path, channel, descriptor, headroom, size);
    } catch (IOException e) {
      if (channel != null) {
        channel.close();
      }
      descriptor.close();
      throw e;
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Optional<Path> device() {
    return headroom.isEmpty() ? Optional.of(path) : Optional.empty();
  }

  @Override
  public void forgetCached() throws IOException {
    descriptor.dropCached();
  }

  @Override
  public void read(long offset, ByteBuffer destination) throws IOException {
    check(offset, destination.remaining());
    long position = offset;
    while (destination.hasRemaining()) {
      int count = channel.read(destination, position);
      if (count < 0) {
        throw new IOException(path + " is shorter than it was when it was opened");
      }
      position += count;
    }
  }

  @Override
  public void write(long offset, ByteBuffer source) throws IOException {
    check(offset, source.remaining());
    refuseIfFenced();
    refuseIfFull(offset, source.remaining());
    long position = offset;
    try {
      while (source.hasRemaining()) {
        position += channel.write(source, position);
      }
    } catch (IOException e) {
      throw explain(e);
    }
  }

  @Override
  public void flush() throws IOException {
    refuseIfFenced();
    try {
      channel.force(false);
    } catch (IOException e) {
      fenced.set(true);
      throw e;
    }
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    check(offset, length);
    refuseIfFenced();
    if (length == 0 || (!isDevice() && descriptor.punchHole(offset, length))) {
      return;
    }
    ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(length, 1 << 20));
    for (long done = 0; done < length; ) {
      int count = (int) Math.min(zeros.capacity(), length - done);
      write(offset + done, zeros.clear().limit(count));
      done += count;
    }
  }

  @Override
  public void erase(BooleanSupplier cancelled) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
    for (long at = 0; at < size; ) {
      VolumeData.checkNotCancelled(cancelled);
      Extent extent = extentAt(at);
      int count = (int) Math.min(zeros.capacity(), extent.length());
      if (extent.held()) {
        write(at, zeros.clear().limit(count));
      }
      at += extent.held() ? count : extent.length();
    }
    flush(); // before the blocks go back to the file system
    if (!isDevice()) {
      discard(0, size);
      flush();
    }
  }

  @Override
  public Extent extentAt(long offset) throws IOException {
    check(offset, 1);
    if (isDevice()) {
      return new Extent(size - offset, true);
    }
    long data = descriptor.nextData(offset, size);
    if (data > offset) {
      return new Extent(data - offset, false);
    }
    return new Extent(Math.max(descriptor.nextHole(offset, size), offset + 1) - offset, true);
  }

  @Override
  public synchronized void grow(long sizeBytes) throws IOException {
    if (isDevice()) {
      long now = descriptor.deviceSize();
      if (sizeBytes > now) {
        throw new IOException(
            path + " has only " + now + " bytes (expected: >= " + sizeBytes + ")");
      }
    } else {
      if (sizeBytes > size) {
        descriptor.setLength(sizeBytes);
        channel.force(true);
      }
    }
    size = Math.max(size, sizeBytes);
  }

  @Override
  public long usedBytes() throws IOException {
    return isDevice() ? size : Math.min(size, descriptor.allocatedBytes());
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      descriptor.close();
    }
  }

  private void check(long offset, long length) {
    if (offset < 0 || length < 0 || length > size - offset) {
      throw new IllegalArgumentException(
          "range: " + offset + " + " + length + " (expected: within " + size + ")");
    }
  }

  private boolean isDevice() {
    return headroom.isEmpty();
  }

  /** What is stored already can always be written again. */
  private void refuseIfFull(long offset, int length) throws IOException {
    if (headroom.isPresent()
        && !headroom.get().allows(length)
        && descriptor.nextHole(offset, size) < offset + length) {
      throw new NoSpaceException("the disk of " + path + " is almost full");
    }
  }

  private void refuseIfFenced() throws FencedException {
    if (fenced.get()) {
      throw new FencedException(path + ": an earlier flush failed; nothing more is written to it");
    }
  }

  private static IOException explain(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("No space left") || message.contains("quota exceeded")
        ? new NoSpaceException(message)
        : e;
  }
}
