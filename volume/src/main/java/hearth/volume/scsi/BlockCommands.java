// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import static hearth.volume.scsi.LogicalUnit.BLOCK;

import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.IntFunction;

/** The commands of SBC-3 that touch the medium. */
final class BlockCommands {
  private static final int CHUNK = 1 << 20;

  private final VolumeData data;
  private final int blocksInPhysical;
  private final ReentrantReadWriteLock still = new ReentrantReadWriteLock();

  BlockCommands(VolumeData data, int blocksInPhysical) {
    this.data = data;
    this.blocksInPhysical = blocksInPhysical;
  }

  long blocks() {
    return data.size() / BLOCK;
  }

  void flush() throws IOException {
    data.flush();
  }

  /** Bytes up to which WRITE ATOMIC can keep its promise; 0 if it cannot. */
  int atomicBytes() {
    return data.atomicBytes();
  }

  /** Whether snapshots or clones hold some of the medium's data. */
  boolean isShared() {
    return data.isShared();
  }

  /** Work on the whole medium. */
  interface Work {
    void on(VolumeData data) throws IOException;
  }

  /** Works on the medium when no command does. */
  void alone(Work work) throws IOException {
    still.writeLock().lock();
    try {
      work.on(data);
    } finally {
      still.writeLock().unlock();
    }
  }

  /** Copies bytes from place to place, a piece at a time. */
  void copy(long from, long to, long length) throws IOException {
    still.readLock().lock();
    try {
      ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(length, CHUNK));
      for (long done = 0; done < length; ) {
        int count = (int) Math.min(buffer.capacity(), length - done);
        data.read(from + done, buffer.clear().limit(count));
        data.write(to + done, buffer.flip());
        done += count;
      }
    } finally {
      still.readLock().unlock();
    }
  }

  Reply execute(
      Operation operation,
      Cdb cdb,
      ByteBuffer dataOut,
      long offered,
      IntFunction<ByteBuffer> buffers)
      throws ScsiException, IOException {
    boolean exclusive =
        operation == Operation.COMPARE_AND_WRITE
            || operation == Operation.ORWRITE_16
            || operation == Operation.WRITE_ATOMIC_16;
    var lock = exclusive ? still.writeLock() : still.readLock();
    lock.lock();
    try {
      return switch (operation) {
        case READ_6, READ_10, READ_12, READ_16 -> read(cdb, buffers);
        case WRITE_10, WRITE_12, WRITE_16 -> write(cdb, dataOut);
        case WRITE_ATOMIC_16 -> writeAtomic(cdb, dataOut);
        case WRITE_AND_VERIFY_10, WRITE_AND_VERIFY_12, WRITE_AND_VERIFY_16 ->
            writeAndVerify(cdb, dataOut);
        case VERIFY_10, VERIFY_12, VERIFY_16 -> verify(cdb, dataOut);
        case ORWRITE_16 -> orWrite(cdb, dataOut);
        case COMPARE_AND_WRITE -> compareAndWrite(cdb, dataOut, offered);
        case WRITE_SAME_10, WRITE_SAME_16 -> writeSame(operation, cdb, dataOut, offered);
        case UNMAP -> unmap(cdb, dataOut);
        case SYNCHRONIZE_CACHE_10, SYNCHRONIZE_CACHE_16 -> {
          range(cdb.lba(), cdb.blocks(), Long.MAX_VALUE);
          data.flush();
          yield Reply.good();
        }
        case PRE_FETCH_10, PRE_FETCH_16 -> {
          range(cdb.lba(), cdb.blocks(), Long.MAX_VALUE);
          yield Reply.good();
        }
        case READ_CAPACITY_10 -> readCapacity10(cdb);
        case READ_CAPACITY_16 -> readCapacity16(cdb);
        case GET_LBA_STATUS -> lbaStatus(cdb);
        case READ_DEFECT_DATA_10 ->
            Reply.data(new byte[] {0, (byte) cdb.at(2), 0, 0}, cdb.int16(7));
        case READ_DEFECT_DATA_12 ->
            Reply.data(new byte[] {0, (byte) cdb.at(1), 0, 0, 0, 0, 0, 0}, cdb.int32(6));
        default -> throw new ScsiException(Sense.INVALID_OPCODE);
      };
    } finally {
      lock.unlock();
    }
  }

  /**
   * Checks that blocks lie on the medium; an address behind its end is wrong even for no blocks.
   */
  private void range(long lba, long count, long most) throws ScsiException {
    if (lba < 0 || lba >= blocks() || count < 0 || count > blocks() - lba) {
      throw new ScsiException(Sense.OUT_OF_RANGE);
    }
    if (count > most) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
  }

  /** The unit has no protection information: whoever asks for it is refused (SBC-3 5.10). */
  private static void refuseProtection(Cdb cdb) throws ScsiException {
    if (cdb.length() != 6 && cdb.at(1) >> 5 != 0) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
  }

  private static boolean forcesUnitAccess(Cdb cdb) {
    return cdb.length() != 6 && cdb.bit(1, 0x08);
  }

  private Reply read(Cdb cdb, IntFunction<ByteBuffer> buffers) throws ScsiException, IOException {
    refuseProtection(cdb);
    long lba = cdb.lba();
    range(lba, cdb.blocks(), InquiryPages.MOST_BLOCKS);
    if (forcesUnitAccess(cdb)) {
      data.flush();
    }
    int length = (int) cdb.blocks() * BLOCK;
    ByteBuffer buffer = buffers.apply(length);
    buffer.clear().limit(length);
    data.read(lba * BLOCK, buffer);
    return Reply.data(buffer.flip());
  }

  private Reply write(Cdb cdb, ByteBuffer dataOut) throws ScsiException, IOException {
    refuseProtection(cdb);
    range(cdb.lba(), cdb.blocks(), InquiryPages.MOST_BLOCKS);
    data.write(cdb.lba() * BLOCK, named(dataOut, cdb.blocks()));
    if (forcesUnitAccess(cdb)) {
      data.flush();
    }
    return Reply.wrote(cdb.blocks() * BLOCK);
  }

  /** WRITE ATOMIC (16) (SBC-4 5.48): after a crash all of it is there or nothing. */
  private Reply writeAtomic(Cdb cdb, ByteBuffer dataOut) throws ScsiException, IOException {
    refuseProtection(cdb);
    long count = cdb.int16(12);
    range(cdb.lba(), count, Long.MAX_VALUE);
    if (cdb.int16(10) != 0
        || count > InquiryPages.mostAtomicBlocks(data.atomicBytes())
        || cdb.lba() % blocksInPhysical != 0
        || count % blocksInPhysical != 0) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    ByteBuffer blocks = named(dataOut, count);
    if (blocks.remaining() != count * BLOCK) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB); // a part would not be atomic
    }
    data.write(cdb.lba() * BLOCK, blocks);
    if (forcesUnitAccess(cdb)) {
      data.flush();
    }
    return Reply.wrote(count * BLOCK);
  }

  /**
   * Of what came, the bytes that the command names; an initiator may offer less than that, even
   * half a block.
   */
  private static ByteBuffer named(ByteBuffer dataOut, long most) {
    ByteBuffer view = dataOut.duplicate();
    long length = Math.min(view.remaining(), most * BLOCK);
    return view.limit(view.position() + (int) length);
  }

  private Reply writeAndVerify(Cdb cdb, ByteBuffer dataOut) throws ScsiException, IOException {
    refuseProtection(cdb);
    int byteCheck = cdb.at(1) >> 1 & 3;
    if (byteCheck > 1) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    range(cdb.lba(), cdb.blocks(), InquiryPages.MOST_BLOCKS);
    ByteBuffer blocks = named(dataOut, cdb.blocks());
    data.write(cdb.lba() * BLOCK, blocks.duplicate());
    data.flush();
    compare(cdb.lba() * BLOCK, blocks);
    return Reply.wrote(cdb.blocks() * BLOCK);
  }

  private Reply verify(Cdb cdb, ByteBuffer dataOut) throws ScsiException, IOException {
    refuseProtection(cdb);
    int byteCheck = cdb.at(1) >> 1 & 3;
    long lba = cdb.lba();
    long count = cdb.blocks();
    if (byteCheck == 2) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    range(lba, count, byteCheck == 1 ? InquiryPages.MOST_BLOCKS : Long.MAX_VALUE);
    switch (byteCheck) {
      case 0 -> readThrough(lba * BLOCK, count * BLOCK);
      case 1 -> compare(lba * BLOCK, named(dataOut, count));
      default -> {
        ByteBuffer pattern = named(dataOut, 1);
        for (long i = 0; i < count && pattern.hasRemaining(); i++) {
          compare((lba + i) * BLOCK, pattern.duplicate());
        }
      }
    }
    return Reply.wrote(byteCheck == 0 ? 0 : byteCheck == 1 ? count * BLOCK : BLOCK);
  }

  private void readThrough(long offset, long length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(length, CHUNK));
    for (long done = 0; done < length; ) {
      var extent = data.extentAt(offset + done);
      if (!extent.held()) {
        done += extent.length();
        continue;
      }
      int count = (int) Math.min(buffer.capacity(), length - done);
      data.read(offset + done, buffer.clear().limit(count));
      done += count;
    }
  }

  /** Compares data with the medium; the sense of a difference says how many bytes were equal. */
  private void compare(long offset, ByteBuffer expected) throws ScsiException, IOException {
    ByteBuffer actual = ByteBuffer.allocate(expected.remaining());
    data.read(offset, actual);
    int different = expected.mismatch(actual.flip());
    if (different >= 0) {
      throw new ScsiException(Sense.MISCOMPARE.withInformation(different));
    }
  }

  private Reply orWrite(Cdb cdb, ByteBuffer dataOut) throws ScsiException, IOException {
    refuseProtection(cdb);
    range(cdb.lba(), cdb.blocks(), InquiryPages.MOST_BLOCKS);
    ByteBuffer blocks = named(dataOut, cdb.blocks());
    ByteBuffer merged = ByteBuffer.allocate(blocks.remaining());
    data.read(cdb.lba() * BLOCK, merged);
    for (int i = 0; i < merged.capacity(); i++) {
      merged.put(i, (byte) (merged.get(i) | blocks.get(blocks.position() + i)));
    }
    data.write(cdb.lba() * BLOCK, merged.flip());
    if (forcesUnitAccess(cdb)) {
      data.flush();
    }
    return Reply.wrote(cdb.blocks() * BLOCK);
  }

  private Reply compareAndWrite(Cdb cdb, ByteBuffer dataOut, long offered)
      throws ScsiException, IOException {
    refuseProtection(cdb);
    long count = cdb.at(13);
    range(cdb.lba(), count, InquiryPages.MOST_COMPARE_BLOCKS);
    int half = (int) count * BLOCK;
    if (offered != 2L * half || dataOut.remaining() != 2 * half) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    ByteBuffer expected = dataOut.duplicate().limit(dataOut.position() + half);
    ByteBuffer next = dataOut.duplicate().position(dataOut.position() + half);
    compare(cdb.lba() * BLOCK, expected);
    data.write(cdb.lba() * BLOCK, next);
    if (forcesUnitAccess(cdb)) {
      data.flush();
    }
    return Reply.wrote(2L * half);
  }

  private Reply writeSame(Operation operation, Cdb cdb, ByteBuffer dataOut, long offered)
      throws ScsiException, IOException {
    refuseProtection(cdb);
    boolean noData = operation == Operation.WRITE_SAME_16 && cdb.bit(1, 0x01);
    if (cdb.bit(1, 0x10) || cdb.bit(1, 0x06)) {
      throw new ScsiException(
          Sense.INVALID_FIELD_IN_CDB); // ANCHOR, and the obsolete PBDATA and LBDATA
    }
    range(cdb.lba(), cdb.blocks(), Long.MAX_VALUE);
    long count = cdb.blocks() == 0 ? blocks() - cdb.lba() : cdb.blocks();
    if (!noData && (offered != BLOCK || dataOut.remaining() != BLOCK)) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    // As LIO and tgt do, and libiscsi's suite expects: whoever sets UNMAP gets zeros whatever the
    // block holds.
    boolean zeros = noData || cdb.bit(1, 0x08) || isZero(dataOut);
    if (zeros) {
      data.discard(cdb.lba() * BLOCK, count * BLOCK);
    } else {
      repeat(cdb.lba() * BLOCK, dataOut, count);
    }
    return Reply.wrote(noData ? 0 : BLOCK);
  }

  private static boolean isZero(ByteBuffer block) {
    for (int i = block.position(); i < block.limit(); i++) {
      if (block.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  private void repeat(long offset, ByteBuffer block, long count) throws IOException {
    int copies = (int) Math.min(count, CHUNK / BLOCK);
    ByteBuffer pattern = ByteBuffer.allocate(copies * BLOCK);
    while (pattern.hasRemaining()) {
      pattern.put(block.duplicate());
    }
    for (long done = 0; done < count; ) {
      int now = (int) Math.min(copies, count - done);
      data.write(offset + done * BLOCK, pattern.clear().limit(now * BLOCK));
      done += now;
    }
  }

  private Reply unmap(Cdb cdb, ByteBuffer dataOut) throws ScsiException, IOException {
    if (cdb.bit(1, 0x01)) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB); // ANCHOR
    }
    int announced = cdb.int16(7);
    if (announced == 0) {
      return Reply.good();
    }
    ByteBuffer list = dataOut.slice();
    if (announced < 8 || list.remaining() < announced) {
      throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
    }
    int descriptors = Math.min(Short.toUnsignedInt(list.getShort(2)), announced - 8) / 16;
    if (descriptors > InquiryPages.MOST_UNMAP_DESCRIPTORS) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_PARAMETERS);
    }
    long total = 0;
    for (int i = 0; i < descriptors; i++) {
      long lba = list.getLong(8 + 16 * i);
      long count = Integer.toUnsignedLong(list.getInt(16 + 16 * i));
      if (lba < 0 || lba > blocks() || count > blocks() - lba) {
        throw new ScsiException(Sense.OUT_OF_RANGE);
      }
      total += count;
    }
    if (total > InquiryPages.MOST_UNMAP_BLOCKS) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_PARAMETERS);
    }
    for (int i = 0; i < descriptors; i++) {
      long count = Integer.toUnsignedLong(list.getInt(16 + 16 * i));
      data.discard(list.getLong(8 + 16 * i) * BLOCK, count * BLOCK);
    }
    return Reply.wrote(announced);
  }

  private Reply readCapacity10(Cdb cdb) throws ScsiException {
    if (!cdb.bit(8, 0x01) && cdb.lba() != 0) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    long last = Math.min(blocks() - 1, 0xFFFFFFFFL);
    return Reply.data(ByteBuffer.allocate(8).putInt((int) last).putInt(BLOCK).flip());
  }

  private Reply readCapacity16(Cdb cdb) {
    byte[] out =
        ByteBuffer.allocate(32)
            .putLong(blocks() - 1)
            .putInt(BLOCK)
            .put(13, (byte) Integer.numberOfTrailingZeros(blocksInPhysical))
            .put(14, (byte) 0xC0) // LBPME, LBPRZ
            .array();
    return Reply.data(out, cdb.int32(10));
  }

  private Reply lbaStatus(Cdb cdb) throws ScsiException, IOException {
    range(cdb.lba(), 0, 0);
    long allocation = cdb.int32(10);
    int most = Math.clamp((allocation - 8) / 16, 1, 256);
    ByteBuffer out = ByteBuffer.allocate(8 + 16 * most).position(8);
    long lba = cdb.lba();
    while (out.hasRemaining() && lba < blocks()) {
      var extent = data.extentAt(lba * BLOCK);
      long count = Math.clamp((extent.length() + BLOCK - 1) / BLOCK, 1, 0xFFFFFFFFL);
      out.putLong(lba).putInt((int) count).putInt((extent.held() ? 0 : 1) << 24);
      lba += count;
    }
    int length = out.position();
    out.putInt(0, length - 4);
    return Reply.data(java.util.Arrays.copyOf(out.array(), length), allocation);
  }
}
