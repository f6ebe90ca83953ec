// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What waits to be sent on a connection, in order. Adding never waits, so that a command that ended
 * is not held up by a slow initiator; the connection's reader waits for room instead, so that an
 * initiator which asks and does not listen fills its own socket and not our memory. Safe for any
 * thread; one thread runs {@link #write}.
 */
final class Outbox {
  /** Bytes past which nothing more is read from the initiator. */
  static final long FULL = 8 << 20;

  private record Pdu(Bhs header, ByteBuffer data, Runnable sent) {
    long bytes() {
      return (long) Bhs.LENGTH + data.remaining();
    }
  }

  private final Wire wire;
  private final Deque<Pdu> waiting = new ArrayDeque<>();
  private long bytes;
  private boolean ended;
  private boolean broken;

  Outbox(Wire wire) {
    this.wire = wire;
  }

  /** Adds a PDU; {@code sent} runs when nobody needs its data any more, sent or not. */
  void add(Bhs header, ByteBuffer data, Runnable sent) {
    Pdu pdu = new Pdu(header, data, sent);
    synchronized (this) {
      if (!broken) {
        waiting.add(pdu);
        bytes += pdu.bytes();
        notifyAll();
        return;
      }
    }
    sent.run();
  }

  /** Nothing more will come; the writer ends when all is sent. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Waits until less than {@link #FULL} waits, or nothing will be sent any more. */
  synchronized void awaitRoom() throws InterruptedException {
    while (bytes > FULL && !broken) {
      wait();
    }
  }

  /** Sends until the end, or until the connection breaks: then the rest is let go. */
  void write() throws IOException, InterruptedException {
    try {
      for (Pdu next = take(); next != null; next = take()) {
        long size = next.bytes();
        try {
          wire.write(next.header(), next.data());
        } finally {
          next.sent().run();
          sent(size);
        }
      }
    } finally {
      abandon();
    }
  }

  private synchronized @org.jspecify.annotations.Nullable Pdu take() throws InterruptedException {
    while (waiting.isEmpty() && !ended) {
      wait();
    }
    return waiting.poll();
  }

  private synchronized void sent(long size) {
    bytes -= size;
    notifyAll();
  }

  private void abandon() {
    Deque<Pdu> left;
    synchronized (this) {
      broken = true;
      left = new ArrayDeque<>(waiting);
      waiting.clear();
      notifyAll();
    }
    left.forEach(pdu -> pdu.sent().run());
  }
}
