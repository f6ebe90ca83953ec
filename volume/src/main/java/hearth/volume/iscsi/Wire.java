// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ReadableByteChannel;
import java.util.zip.CRC32C;

/**
 * PDUs on a socket: headers, data segments, padding and digests. One thread reads and one writes.
 */
final class Wire implements Closeable {
  private final ReadableByteChannel source;
  private final GatheringByteChannel sink;
  private final ByteBuffer input = ByteBuffer.allocateDirect(65_536).limit(0);
  private final ByteBuffer outputHeader = ByteBuffer.allocateDirect(Bhs.LENGTH + 4);
  private final ByteBuffer outputTrailer = ByteBuffer.allocateDirect(8);
  private final CRC32C outputCrc = new CRC32C();
  private final CRC32C inputCrc = new CRC32C();
  private volatile boolean headerDigest;
  private volatile boolean dataDigest;

  /** A socket, or what stands in for one in a test. */
  <C extends ReadableByteChannel & GatheringByteChannel> Wire(C channel) {
    this.source = channel;
    this.sink = channel;
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
    int length = data.remaining();
    header.dataLength(length);
    outputHeader.clear().put(header.array());
    if (headerDigest) {
      outputCrc.reset();
      outputCrc.update(header.array());
      outputHeader.putInt(Integer.reverseBytes((int) outputCrc.getValue()));
    }
    outputTrailer.clear();
    int padding = -length & 3;
    for (int i = 0; i < padding; i++) {
      outputTrailer.put((byte) 0);
    }
    if (dataDigest && length > 0) {
      outputCrc.reset();
      outputCrc.update(data.duplicate());
      outputCrc.update(outputTrailer.duplicate().flip());
      outputTrailer.putInt(Integer.reverseBytes((int) outputCrc.getValue()));
    }
    ByteBuffer[] parts = {outputHeader.flip(), data.duplicate(), outputTrailer.flip()};
    while (parts[2].hasRemaining() || parts[1].hasRemaining() || parts[0].hasRemaining()) {
      sink.write(parts);
    }
  }

  @Override
  public void close() throws IOException {
    sink.close();
  }
}
