// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What waits to be sent on a connection, in order. Adding never waits, so that a command that ended
 * is not held up by a slow initiator; the connection's reader waits for room instead, so that an
 * initiator which asks and does not listen fills its own socket and not our memory. Safe for any
 * thread; one thread runs {@link #write}.
 */
final class Outbox {
  /** Bytes past which nothing more is read from the initiator. */
  static final long FULL = 8 << 20;

  /** A PDU, and what is to be done when nobody needs its data any more. */
  record Pdu(Bhs header, ByteBuffer data, Runnable sent) {
    long bytes() {
      return (long) Bhs.LENGTH + data.remaining();
    }
  }

  /** What goes out at once at most. */
  private static final int MOST_AT_ONCE = 32;

  private static final long MOST_BYTES_AT_ONCE = 256 << 10;

  private final Wire wire;
  private final Deque<Pdu> waiting = new ArrayDeque<>();
  private long bytes;
  private boolean ended;
  private boolean broken;
  private boolean writing;

  Outbox(Wire wire) {
    this.wire = wire;
  }

  /**
   * Adds a PDU.
   *
   * @param sent runs when nobody needs the data any more, sent or not
   * @param quietly leaves the sending to a {@link #drain} of the caller
   */
  void add(Bhs header, ByteBuffer data, Runnable sent, boolean quietly) {
    Pdu pdu = new Pdu(header, data, sent);
    synchronized (this) {
      if (!broken) {
        waiting.add(pdu);
        bytes += pdu.bytes();
        if (!quietly) {
          notifyAll();
        }
        return;
      }
    }
    sent.run();
  }

  /** Sends all that waits on the caller's thread, unless another thread sends already. */
  void drain() throws IOException {
    while (true) {
      List<Pdu> next;
      synchronized (this) {
        if (writing || broken || waiting.isEmpty()) {
          return; // who sends looks again when it is done
        }
        next = poll();
        writing = true;
      }
      send(next);
    }
  }

  /** Whether so much waits that it should go out before more is made. */
  synchronized boolean isLarge() {
    return bytes >= MOST_BYTES_AT_ONCE / 2;
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
      for (List<Pdu> next = take(); !next.isEmpty(); next = take()) {
        send(next);
      }
    } finally {
      abandon();
    }
  }

  /** What waits, so that one call of the kernel sends it together; nothing at the end. */
  private synchronized List<Pdu> take() throws InterruptedException {
    while (writing || (waiting.isEmpty() && !ended)) {
      wait();
    }
    List<Pdu> next = poll();
    writing = !next.isEmpty();
    return next;
  }

  private void send(List<Pdu> pdus) throws IOException {
    long size = 0;
    for (Pdu pdu : pdus) {
      size += pdu.bytes();
    }
    try {
      wire.write(pdus);
    } finally {
      pdus.forEach(pdu -> pdu.sent().run());
      sent(size);
    }
  }

  private List<Pdu> poll() {
    List<Pdu> next = new ArrayList<>();
    long size = 0;
    while (!waiting.isEmpty() && next.size() < MOST_AT_ONCE && size < MOST_BYTES_AT_ONCE) {
      Pdu pdu = waiting.remove();
      size += pdu.bytes();
      next.add(pdu);
    }
    return next;
  }

  private synchronized void sent(long size) {
    writing = false;
    boolean full = bytes > FULL;
    bytes -= size;
    if (full || ended || !waiting.isEmpty()) {
      notifyAll(); // a thread that is woken for nothing costs more than the sending
    }
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
