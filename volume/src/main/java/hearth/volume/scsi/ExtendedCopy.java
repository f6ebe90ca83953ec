// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import static hearth.volume.scsi.LogicalUnit.BLOCK;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * EXTENDED COPY with list identifiers of one byte, and RECEIVE COPY RESULTS (SPC-4 6.4, 6.20):
 * copies of blocks from place to place of this unit, which spare the initiator reading and writing
 * them. A copy is done when its command ends. Safe for any thread.
 */
final class ExtendedCopy {
  static final int MOST_TARGETS = 2;
  static final int MOST_SEGMENTS = 64;
  static final int LONGEST_LIST = 1900;
  static final int HEADER = 16;

  /** Bytes that one segment may copy. */
  static final int LONGEST_SEGMENT = 32 << 20;

  /** Types of descriptors: block to block, the same with byte offsets, identification. */
  static final int BLOCKS = 0x02;

  static final int BYTES = 0x0A;
  static final int IDENTIFICATION = 0xE4;

  private static final int TARGET_LENGTH = 32;
  private static final int MOST_RESULTS = 16;
  private static final int COMPLETED = 0x01;
  private static final int FAILED = 0x02;

  private record Result(int status, int segments, long bytes) {}

  private record Segment(long from, long to, long length) {}

  private final Identity identity;
  private final Map<Nexus, Map<Integer, Result>> results = new ConcurrentHashMap<>();

  ExtendedCopy(Identity identity) {
    this.identity = identity;
  }

  /** The session ended, and with it what is known of its copies. */
  void forget(Nexus nexus) {
    results.remove(nexus);
  }

  /** EXTENDED COPY. */
  Reply copy(Nexus nexus, Cdb cdb, ByteBuffer dataOut, BlockCommands medium)
      throws ScsiException, IOException {
    long announced = cdb.int32(10);
    if (announced == 0) {
      return Reply.good();
    }
    ByteBuffer list = dataOut.slice();
    if (announced < HEADER || list.remaining() < HEADER) {
      throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
    }
    int listId = list.get(0) & 0xFF;
    int usage = list.get(1) >> 3 & 3;
    int targets = Short.toUnsignedInt(list.getShort(2));
    long segments = Integer.toUnsignedLong(list.getInt(8));
    long inline = Integer.toUnsignedLong(list.getInt(12));
    if (targets + segments > LONGEST_LIST || HEADER + targets + segments > list.remaining()) {
      throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
    }
    if (inline != 0) {
      throw new ScsiException(Sense.INLINE_DATA_LENGTH_EXCEEDED);
    }
    boolean[] ours = targets(list.slice(HEADER, targets));
    List<Segment> plan = segments(list.slice(HEADER + targets, (int) segments), ours, medium);
    int done = 0;
    long bytes = 0;
    try {
      for (Segment segment : plan) {
        medium.copy(segment.from(), segment.to(), segment.length());
        done++;
        bytes += segment.length();
      }
    } finally {
      // A list identifier that is told to be of no use is not remembered.
      if (usage != 2 && usage != 3) {
        remember(nexus, listId, new Result(done == plan.size() ? COMPLETED : FAILED, done, bytes));
      }
    }
    return Reply.wrote(announced);
  }

  private void remember(Nexus nexus, int listId, Result result) {
    Map<Integer, Result> known =
        results.computeIfAbsent(
            nexus,
            ignored ->
                new LinkedHashMap<>() {
                  @Override
                  protected boolean removeEldestEntry(Map.Entry<Integer, Result> eldest) {
                    return size() > MOST_RESULTS;
                  }
                });
    synchronized (known) {
      known.put(listId, result);
    }
  }

  /** For each target descriptor, whether it names this unit. */
  private boolean[] targets(ByteBuffer list) throws ScsiException {
    if (list.remaining() % TARGET_LENGTH != 0) {
      throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
    }
    boolean[] ours = new boolean[list.remaining() / TARGET_LENGTH];
    if (ours.length > MOST_TARGETS) {
      throw new ScsiException(Sense.TOO_MANY_TARGET_DESCRIPTORS);
    }
    for (int i = 0; i < ours.length; i++) {
      ByteBuffer target = list.slice(i * TARGET_LENGTH, TARGET_LENGTH);
      if ((target.get(0) & 0xFF) != IDENTIFICATION) {
        throw new ScsiException(Sense.UNSUPPORTED_TARGET_DESCRIPTOR);
      }
      int length = target.get(7) & 0xFF;
      byte[] designator = new byte[Math.min(length, 20)];
      target.get(8, designator);
      ours[i] =
          (target.get(1) & 0x1F) == 0
              && InquiryPages.designates(identity, target.get(5) & 0x0F, designator)
              && (target.getInt(28) & 0xFFFFFF) == BLOCK;
    }
    return ours;
  }

  private List<Segment> segments(ByteBuffer list, boolean[] ours, BlockCommands medium)
      throws ScsiException {
    List<ByteBuffer> descriptors = new ArrayList<>();
    for (int offset = 0; offset < list.remaining(); ) {
      int rest = list.remaining() - offset;
      int type = list.get(offset) & 0xFF;
      int length = rest < 4 ? rest + 1 : 4 + Short.toUnsignedInt(list.getShort(offset + 2));
      if (type != BLOCKS && type != BYTES) {
        throw new ScsiException(Sense.UNSUPPORTED_SEGMENT_DESCRIPTOR);
      }
      if (length > rest || length != (type == BLOCKS ? 28 : 32)) {
        throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
      }
      descriptors.add(list.slice(offset, length));
      offset += length;
    }
    if (descriptors.size() > MOST_SEGMENTS) {
      throw new ScsiException(Sense.TOO_MANY_SEGMENT_DESCRIPTORS);
    }
    List<Segment> segments = new ArrayList<>();
    for (ByteBuffer descriptor : descriptors) {
      int source = Short.toUnsignedInt(descriptor.getShort(4));
      int destination = Short.toUnsignedInt(descriptor.getShort(6));
      if (source >= ours.length
          || destination >= ours.length
          || !ours[source]
          || !ours[destination]) {
        throw new ScsiException(Sense.UNREACHABLE_COPY_TARGET);
      }
      segments.add(segment(descriptor, medium));
    }
    return segments;
  }

  private static Segment segment(ByteBuffer descriptor, BlockCommands medium) throws ScsiException {
    boolean blocks = (descriptor.get(0) & 0xFF) == BLOCKS;
    long length =
        blocks
            ? Short.toUnsignedLong(descriptor.getShort(10)) * BLOCK
            : Integer.toUnsignedLong(descriptor.getInt(8));
    long from = descriptor.getLong(12);
    long to = descriptor.getLong(20);
    int fromOffset = blocks ? 0 : Short.toUnsignedInt(descriptor.getShort(28));
    int toOffset = blocks ? 0 : Short.toUnsignedInt(descriptor.getShort(30));
    if (length > LONGEST_SEGMENT) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_PARAMETERS);
    }
    long size = medium.blocks() * BLOCK;
    for (long start : new long[] {from, to}) {
      if (start < 0 || start >= medium.blocks()) {
        throw new ScsiException(Sense.COPY_ABORTED);
      }
    }
    Segment segment = new Segment(from * BLOCK + fromOffset, to * BLOCK + toOffset, length);
    if (segment.from() > size - length || segment.to() > size - length) {
      throw new ScsiException(Sense.COPY_ABORTED);
    }
    return segment;
  }

  /** RECEIVE COPY RESULTS, COPY STATUS: how a copy ended. */
  Reply status(Nexus nexus, Cdb cdb) throws ScsiException {
    Map<Integer, Result> known = results.getOrDefault(nexus, Map.of());
    Result result;
    synchronized (known) {
      result = known.get(cdb.at(2));
    }
    if (result == null) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    ByteBuffer out = ByteBuffer.allocate(12).putInt(8).put((byte) result.status());
    out.putShort((short) result.segments()).put((byte) 0).putInt((int) result.bytes());
    return Reply.data(out.array(), cdb.int32(10));
  }

  /** RECEIVE COPY RESULTS, OPERATING PARAMETERS: what copies may look like. */
  static Reply parameters(Cdb cdb) {
    byte[] out =
        ByteBuffer.allocate(47)
            .putInt(0, 43)
            .putShort(8, (short) MOST_TARGETS)
            .putShort(10, (short) MOST_SEGMENTS)
            .putInt(12, LONGEST_LIST)
            .putInt(16, LONGEST_SEGMENT)
            .putShort(34, (short) 8)
            .put(36, (byte) 8)
            .put(37, (byte) 9) // granularity: 512 bytes
            .put(43, (byte) 3)
            .put(44, (byte) BLOCKS)
            .put(45, (byte) BYTES)
            .put(46, (byte) IDENTIFICATION)
            .array();
    return Reply.data(out, cdb.int32(10));
  }

  /** The third-party copy page (SPC-4 7.8.17): the commands, the descriptors, the limits. */
  static byte[] page() {
    ByteBuffer out = ByteBuffer.allocate(256);
    // Commands: EXTENDED COPY(LID1); RECEIVE COPY RESULTS, COPY STATUS and OPERATING PARAMETERS.
    out.putShort((short) 0x0001).putShort((short) 8).put((byte) 7);
    out.put((byte) 0x83).put((byte) 1).put((byte) 0x00);
    out.put((byte) 0x84).put((byte) 2).put((byte) 0x00).put((byte) 0x03);
    out.putShort((short) 0x0004).putShort((short) 28).putInt(0);
    out.putShort((short) MOST_TARGETS).putShort((short) MOST_SEGMENTS).putInt(LONGEST_LIST);
    out.putInt(0).put(new byte[12]);
    out.putShort((short) 0x0008).putShort((short) 4).put((byte) 3);
    out.put((byte) BLOCKS).put((byte) BYTES).put((byte) IDENTIFICATION);
    out.putShort((short) 0x8001).putShort((short) 32);
    out.putInt(8).putInt(8).putInt(LONGEST_SEGMENT).put((byte) 9).put(new byte[19]);
    return java.util.Arrays.copyOf(out.array(), out.position());
  }
}
