// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;

/** The least of an initiator, for what the real ones never do. */
final class Initiator implements AutoCloseable {
  static final String IQN = "iqn.2026-11.test:t";

  final SocketChannel channel;
  final Wire wire;
  private int commandNumber = 1;

  Initiator(InetSocketAddress address) throws IOException {
    channel = SocketChannel.open(address);
    wire = new Wire(channel);
  }

  /** Connects and logs in. */
  static Initiator loggedIn(InetSocketAddress address, String... keys) throws IOException {
    Initiator initiator = new Initiator(address);
    Bhs last = initiator.login("iqn.x:" + initiator.channel.getLocalAddress(), keys);
    if (last.int16(36) != 0) {
      throw new IOException("login status " + last.int16(36));
    }
    return initiator;
  }

  /** Logs in with CHAP; the last answer. */
  Bhs login(String name, String... keys) throws IOException {
    exchange(0x01, "InitiatorName=" + name, "TargetName=" + IQN, "AuthMethod=CHAP");
    Map<String, String> challenge = TextKeys.parse(exchange(0x01, "CHAP_A=7"));
    byte[] proof =
        Chap.digest(
            Chap.Algorithm.choose("7").orElseThrow(),
            (byte) Integer.parseInt(challenge.getOrDefault("CHAP_I", "")),
            "secretsecret".getBytes(StandardCharsets.UTF_8),
            Chap.binary(challenge.getOrDefault("CHAP_C", "")).orElseThrow());
    exchange(0x81, "CHAP_N=user", "CHAP_R=0x" + HexFormat.of().formatHex(proof));
    sendLogin(0x87, keys);
    return receive();
  }

  private byte[] exchange(int flags, String... pairs) throws IOException {
    sendLogin(flags, pairs);
    Bhs answer = wire.readHeader();
    ByteBuffer data = ByteBuffer.allocate(answer.dataLength());
    wire.readData(data);
    return data.array();
  }

  private void sendLogin(int flags, String... pairs) throws IOException {
    Bhs header = Bhs.of(Bhs.LOGIN | 0x40, flags).set32(24, commandNumber);
    wire.write(
        header,
        ByteBuffer.wrap((String.join("\0", pairs) + "\0").getBytes(StandardCharsets.UTF_8)));
  }

  /** Sends a SCSI command with immediate data; its tag. */
  int command(String cdb, int flags, int length, byte... immediate) throws IOException {
    byte[] block = HexFormat.of().parseHex(cdb.replace(" ", ""));
    Bhs header =
        Bhs.of(Bhs.SCSI_COMMAND, flags)
            .initiatorTaskTag(commandNumber)
            .set32(20, length)
            .set32(24, commandNumber);
    System.arraycopy(block, 0, header.array(), 32, block.length);
    wire.write(header, ByteBuffer.wrap(immediate));
    return commandNumber++;
  }

  /** A NOP with data that asks for an answer. */
  void ping(byte... data) throws IOException {
    Bhs header = Bhs.of(Bhs.NOP_OUT | 0x40, Bhs.FINAL).initiatorTaskTag(77).set32(20, Bhs.NO_TAG);
    wire.write(header.set32(24, commandNumber), ByteBuffer.wrap(data));
  }

  /** The next PDU's header; its data is dropped. */
  Bhs receive() throws IOException {
    Bhs header = wire.readHeader();
    wire.readData(ByteBuffer.allocate(header.dataLength()));
    return header;
  }

  /** Whether TEST UNIT READY is answered GOOD, unit attentions aside. */
  boolean works() throws IOException {
    for (int i = 0; i < 5; i++) {
      command("00 00 00 00 00 00", 0x80, 0);
      if (receive().at(3) == 0) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() throws IOException {
    wire.close();
  }
}
