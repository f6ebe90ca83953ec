// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import hearth.volume.scsi.Reply;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The PDUs that answer a SCSI command (RFC 7143 11.4, 11.7): Data-In PDUs, the last of which
 * carries the status GOOD, or a SCSI Response with status, sense and residual.
 */
final class ScsiAnswer {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** A PDU, and whether it advances StatSN. */
  record Pdu(Bhs header, ByteBuffer data, boolean carriesStatus) {}

  private final Bhs request;
  private final Reply reply;
  private final Parameters parameters;
  private final long expected;
  private final boolean reads;
  private final int residualFlag;
  private final int residualCount;

  private ScsiAnswer(Bhs request, Reply reply, Parameters parameters) {
    this.request = request;
    this.reply = reply;
    this.parameters = parameters;
    this.expected = Integer.toUnsignedLong(request.int32(20));
    this.reads = (request.flags() & 0x40) != 0;
    long residual = reply.length() - expected;
    boolean told = (reply.status() == Reply.GOOD || reads) && residual != 0;
    this.residualFlag = !told ? 0 : residual > 0 ? 0x04 : 0x02;
    this.residualCount = told ? (int) Math.min(Math.abs(residual), 0xFFFFFFFFL) : 0;
  }

  /** The PDUs in order; at least one, and the last carries the status. */
  static List<Pdu> of(Bhs request, Reply reply, Parameters parameters) {
    ScsiAnswer answer = new ScsiAnswer(request, reply, parameters);
    ByteBuffer data = reply.dataIn();
    return data != null && answer.reads && data.hasRemaining() && answer.expected > 0
        ? answer.dataIn(data)
        : List.of(answer.response());
  }

  private Pdu response() {
    Bhs header =
        Bhs.of(Bhs.SCSI_RESPONSE, Bhs.FINAL | residualFlag)
            .initiatorTaskTag(request.initiatorTaskTag())
            .set(3, reply.status())
            .set32(44, residualCount);
    byte[] sense = reply.sense();
    ByteBuffer data =
        sense == null
            ? NOTHING
            : ByteBuffer.allocate(2 + sense.length)
                .putShort((short) sense.length)
                .put(sense)
                .flip();
    return new Pdu(header, data, true);
  }

  private List<Pdu> dataIn(ByteBuffer data) {
    List<Pdu> pdus = new ArrayList<>();
    int start = data.position();
    int total = (int) Math.min(data.remaining(), expected);
    int segment =
        Math.min(
            parameters.initiatorMaxRecvDataSegmentLength(),
            Parameters.MAX_RECV_DATA_SEGMENT_LENGTH);
    int burst = 0;
    for (int offset = 0; offset < total; ) {
      int length = Math.min(Math.min(segment, total - offset), parameters.maxBurstLength() - burst);
      boolean last = offset + length == total;
      burst += length;
      boolean endsBurst = last || burst == parameters.maxBurstLength();
      burst = endsBurst ? 0 : burst;
      int flags = (endsBurst ? Bhs.FINAL : 0) | (last ? 0x01 | residualFlag : 0);
      Bhs header =
          Bhs.of(Bhs.DATA_IN, flags)
              .initiatorTaskTag(request.initiatorTaskTag())
              .set32(20, Bhs.NO_TAG)
              .set32(36, pdus.size())
              .set32(40, offset)
              .set32(44, last ? residualCount : 0);
      ByteBuffer part = data.duplicate().limit(start + offset + length).position(start + offset);
      pdus.add(new Pdu(header, part, last));
      offset += length;
    }
    return pdus;
  }
}
