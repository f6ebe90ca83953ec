// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * How a command ended.
 *
 * @param status SAM-5 status code
 * @param dataIn data for the initiator from position to limit, or null
 * @param sense encoded sense data, or null
 * @param length bytes that the command transfers by its CDB, in its direction; the transport tells
 *     the initiator how far that differs from what it expected
 * @param later if not null, the command goes on without touching anything and this is how it ends
 */
public record Reply(
    int status,
    @Nullable ByteBuffer dataIn,
    byte @Nullable [] sense,
    long length,
    @Nullable CompletableFuture<Reply> later) {
  public static final int GOOD = 0x00;
  public static final int CHECK_CONDITION = 0x02;
  public static final int BUSY = 0x08;
  public static final int RESERVATION_CONFLICT = 0x18;
  public static final int TASK_SET_FULL = 0x28;

  /** How a command ended. */
  public Reply(int status, @Nullable ByteBuffer dataIn, byte @Nullable [] sense, long length) {
    this(status, dataIn, sense, length, null);
  }

  static Reply good() {
    return new Reply(GOOD, null, null, 0);
  }

  static Reply wrote(long length) {
    return new Reply(GOOD, null, null, length);
  }

  static Reply data(ByteBuffer data) {
    return new Reply(GOOD, data, null, data.remaining());
  }

  /** Data cut to the allocation length of the CDB. */
  static Reply data(byte[] data, long allocation) {
    return data(ByteBuffer.wrap(data, 0, (int) Math.min(data.length, allocation)));
  }

  static Reply later(CompletableFuture<Reply> reply) {
    return new Reply(GOOD, null, null, 0, reply);
  }

  static Reply conflict() {
    return new Reply(RESERVATION_CONFLICT, null, null, 0);
  }
}
