// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import java.nio.ByteBuffer;

/** A run of the log in memory. */
record RunEntry(byte kind, int member, long index, long count, long location, int[] crcs) {
  static RunEntry read(ByteBuffer in) {
    int head = in.getInt();
    byte kind = (byte) (head >>> 24);
    int member = in.getInt();
    long index = in.getLong();
    if (kind == IntentLog.CLEAR) {
      return new RunEntry(kind, member, index, in.getLong(), 0, new int[0]);
    }
    int count = head & 0xFFFFFF;
    long location = in.getLong();
    int[] crcs = new int[count];
    for (int i = 0; i < count; i++) {
      crcs[i] = in.getInt();
    }
    return new RunEntry(kind, member, index, count, location, crcs);
  }
}
