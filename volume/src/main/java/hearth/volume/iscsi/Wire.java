// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * PDUs on a socket: headers, data segments, padding and digests. One thread reads and one writes.
 */
final class Wire implements Closeable {
  private final ReadableByteChannel source;
  private final GatheringByteChannel sink;
  private final ByteBuffer input = ByteBuffer.allocateDirect(65_536).limit(0);

  /** Bytes of a PDU around its data: header, padding, two digests. */
  private static final int FRAME = Bhs.LENGTH + 12;

  private ByteBuffer output = ByteBuffer.allocateDirect(16 * FRAME);
  private final CRC32C outputCrc = new CRC32C();
  private final CRC32C inputCrc = new CRC32C();
  private volatile boolean headerDigest;
  private volatile boolean dataDigest;

  /** What has to be done before the thread that reads may wait for the initiator. */
  interface Preparation {
    void run() throws IOException;
  }

  private Preparation beforeWaiting = () -> {};

  /** A socket, or what stands in for one in a test. */
  <C extends ReadableByteChannel & GatheringByteChannel> Wire(C channel) {
    this.source = channel;
    this.sink = channel;
  }

  /** From now on does this before each read from the connection, which may wait for long. */
  void beforeWaiting(Preparation preparation) {
    beforeWaiting = preparation;
  }

  /** Digests begin with the first PDU of the full feature phase. */
  void useDigests(boolean header, boolean data) {
    headerDigest = header;
    dataDigest = data;
  }

  /**
   * Reads a header with its additional segments, which nothing here uses, and checks their digest.
   */
  Bhs readHeader() throws IOException {
    byte[] bytes = new byte[Bhs.LENGTH];
    readFully(ByteBuffer.wrap(bytes));
    Bhs header = new Bhs(bytes);
    byte[] additional = new byte[header.additionalLength()];
    readFully(ByteBuffer.wrap(additional));
    if (headerDigest) {
      inputCrc.reset();
      inputCrc.update(bytes);
      inputCrc.update(additional);
      if (readDigest() != (int) inputCrc.getValue()) {
        throw new ProtocolException("a header digest is wrong");
      }
    }
    return header;
  }

  /**
   * Reads a data segment, its padding and digest.
   *
   * @return whether the digest, if any, is right
   */
  boolean readData(ByteBuffer destination) throws IOException {
    int length = destination.remaining();
    if (length == 0) {
      return true;
    }
    ByteBuffer view = destination.duplicate();
    readFully(destination);
    byte[] padding = new byte[-length & 3];
    readFully(ByteBuffer.wrap(padding));
    if (!dataDigest) {
      return true;
    }
    inputCrc.reset();
    inputCrc.update(view);
    inputCrc.update(padding);
    return readDigest() == (int) inputCrc.getValue();
  }

  private int readDigest() throws IOException {
    byte[] bytes = new byte[4];
    readFully(ByteBuffer.wrap(bytes));
    return Integer.reverseBytes(ByteBuffer.wrap(bytes).getInt());
  }

  private void readFully(ByteBuffer destination) throws IOException {
    while (destination.hasRemaining()) {
      if (!input.hasRemaining()) {
        beforeWaiting.run();
        if (destination.remaining() >= input.capacity() && destination.isDirect()) {
          if (source.read(destination) < 0) {
            throw new EOFException("the initiator closed the connection");
          }
          continue;
        }
        input.clear();
        int count = source.read(input);
        input.flip();
        if (count < 0) {
          throw new EOFException("the initiator closed the connection");
        }
      }
      int count = Math.min(input.remaining(), destination.remaining());
      destination.put(input.duplicate().limit(input.position() + count));
      input.position(input.position() + count);
    }
  }

  /** Writes a PDU whose header has all its fields but the length. */
  void write(Bhs header, ByteBuffer data) throws IOException {
    write(List.of(new Outbox.Pdu(header, data, () -> {})));
  }

  /** Writes PDUs, in as few calls of the kernel as it allows. */
  void write(List<Outbox.Pdu> pdus) throws IOException {
    if (output.capacity() < pdus.size() * FRAME) {
      output = ByteBuffer.allocateDirect(pdus.size() * FRAME);
    }
    output.clear();
    ByteBuffer[] parts = new ByteBuffer[3 * pdus.size()];
    int count = 0;
    for (Outbox.Pdu pdu : pdus) {
      int start = output.position();
      head(pdu);
      parts[count++] = output.slice(start, output.position() - start);
      if (pdu.data().hasRemaining()) {
        parts[count++] = pdu.data().duplicate();
        start = output.position();
        trail(pdu.data());
        if (output.position() > start) {
          parts[count++] = output.slice(start, output.position() - start);
        }
      }
    }
    for (int at = 0; at < count; ) {
      long _ = sink.write(parts, at, count - at);
      while (at < count && !parts[at].hasRemaining()) {
        at++;
      }
    }
  }

  private void head(Outbox.Pdu pdu) {
    byte[] header = pdu.header().dataLength(pdu.data().remaining()).array();
    output.put(header);
    if (headerDigest) {
      outputCrc.reset();
      outputCrc.update(header);
      output.putInt(Integer.reverseBytes((int) outputCrc.getValue()));
    }
  }

  private void trail(ByteBuffer data) {
    int start = output.position();
    int padding = -data.remaining() & 3;
    for (int i = 0; i < padding; i++) {
      output.put((byte) 0);
    }
    if (dataDigest) {
      outputCrc.reset();
      outputCrc.update(data.duplicate());
      outputCrc.update(output.slice(start, padding));
      output.putInt(Integer.reverseBytes((int) outputCrc.getValue()));
    }
  }

  @Override
  public void close() throws IOException {
    sink.close();
  }
}
