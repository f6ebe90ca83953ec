// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;

/** A volume or snapshot of a chunk store that is open. */
final class ChunkVolume implements VolumeData {
  private final ChunkStore store;
  private final Member member;
  private final Release release;

  /** What closing means for the store. */
  interface Release {
    void run() throws IOException;
  }

  ChunkVolume(ChunkStore store, Member member, Release release) {
    this.store = store;
    this.member = member;
    this.release = release;
  }

  @Override
  public long size() {
    return member.size;
  }

  @Override
  public void read(long offset, ByteBuffer destination) throws IOException {
    check(offset, destination.remaining());
    store.read(member, offset, destination);
  }

  @Override
  public void write(long offset, ByteBuffer source) throws IOException {
    check(offset, source.remaining());
    refuseIfSnapshot();
    store.write(member, offset, source);
  }

  @Override
  public void flush() throws IOException {
    store.flush();
  }

  @Override
  public void discard(long offset, long length) throws IOException {
    check(offset, length);
    refuseIfSnapshot();
    store.discard(member, offset, length);
  }

  @Override
  public void erase(BooleanSupplier cancelled) throws IOException {
    refuseIfSnapshot();
    store.erase(member, cancelled);
  }

  @Override
  public boolean isShared() {
    return store.hasRelatives();
  }

  @Override
  public int atomicBytes() {
    return ChunkStore.ATOMIC_BYTES;
  }

  @Override
  public Extent extentAt(long offset) throws IOException {
    check(offset, 1);
    return store.extentAt(member, offset);
  }

  @Override
  public Extent differenceAt(VolumeData base, long offset) throws IOException {
    check(offset, 1);
    if (!(base instanceof ChunkVolume other) || other.store != store) {
      throw new IllegalArgumentException("the two have no common origin");
    }
    return store.differenceAt(member, other.member, offset);
  }

  @Override
  public void grow(long sizeBytes) throws IOException {
    refuseIfSnapshot();
    store.grow(member, sizeBytes);
  }

  @Override
  public long usedBytes() {
    return member.held * Page.BLOCK;
  }

  @Override
  public void close() throws IOException {
    release.run();
  }

  private void refuseIfSnapshot() throws IOException {
    if (member.snapshot) {
      throw new IOException("snapshot " + member.uid + " cannot be changed");
    }
  }

  private void check(long offset, long length) {
    if (offset < 0 || length < 0 || length > member.size - offset) {
      throw new IllegalArgumentException(
          "range: " + offset + " + " + length + " (expected: within " + member.size + ")");
    }
  }
}
