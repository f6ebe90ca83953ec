// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import hearth.volume.scsi.Identity;
import hearth.volume.scsi.LogicalUnit;
import hearth.volume.scsi.MemoryVolume;
import hearth.volume.scsi.Nexus;
import hearth.volume.scsi.Reply;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * What reads bytes from the network, under bytes that a fuzzer chose. In an ordinary run the seeds
 * kept in {@code FuzzTestInputs} are tried; {@code tools/fuzz} searches for more.
 */
class FuzzTest {
  private static final String IQN = "iqn.2026-11.test:t";

  private static LogicalUnit unit() {
    return new LogicalUnit(
        new Identity("00112233445566778899aabbccddeeff", IQN, "0.1", 1),
        new MemoryVolume(1 << 20),
        hearth.volume.scsi.Traits.DISK);
  }

  private static TargetDirectory directory(LogicalUnit unit) {
    Target target =
        new Target(IQN, "user", "secretsecret", "targetsecret", java.util.Set.of(), unit);
    return new TargetDirectory() {
      @Override
      public Optional<Target> find(String iqn) {
        return Optional.of(target).filter(known -> known.iqn().equals(iqn));
      }

      @Override
      public Optional<Target> findByChapUser(String user) {
        return Optional.of(target).filter(known -> known.chapUser().equals(user));
      }
    };
  }

  /** Login requests: for each a byte of flags, two of length, and the text. */
  @com.code_intelligence.jazzer.junit.FuzzTest(maxDuration = "60s")
  void logins(byte[] bytes) {
    LoginNegotiation login = new LoginNegotiation(directory(unit()), 1);
    ByteBuffer input = ByteBuffer.wrap(bytes);
    for (int i = 0; i < 20 && input.remaining() >= 3; i++) {
      int flags = input.get() & 0xFF;
      int length = Math.min(Short.toUnsignedInt(input.getShort()), input.remaining());
      byte[] text = new byte[length];
      input.get(text);
      LoginNegotiation.Response response = login.accept(Bhs.of(Bhs.LOGIN, flags), text);
      // Nobody gets in without having answered the challenge.
      assertThat(response.complete()).isFalse();
      if (response.status() != 0) {
        return;
      }
    }
  }

  /** Asked for nothing, since the unit has no limits. */
  private static final java.util.concurrent.ScheduledExecutorService NEVER =
      java.util.concurrent.Executors.newScheduledThreadPool(0);

  /** A whole session after its login: whatever comes, it ends, and gives back what it took. */
  @com.code_intelligence.jazzer.junit.FuzzTest(maxDuration = "60s")
  void sessions(byte[] bytes) throws ProtocolException {
    LogicalUnit unit = unit();
    BufferPool pool = new BufferPool(64 << 20);
    Session session =
        new Session(
            1,
            "127.0.0.1:1",
            java.time.Instant.EPOCH,
            new Wire(new Recorded(bytes)),
            loggedIn(directory(unit)),
            new Nexus("iqn.x:i", 1, 1),
            java.util.List.of("127.0.0.1:3260"),
            1,
            1,
            Runnable::run,
            NEVER,
            pool);
    session.run();
    assertThat(pool.reserve(63 << 20)).as("room of ended commands was given back").isTrue();
  }

  /** A command block and its data. */
  @com.code_intelligence.jazzer.junit.FuzzTest(maxDuration = "60s")
  void commands(byte[] bytes) {
    byte[] cdb = Arrays.copyOf(bytes, 16);
    byte[] data = bytes.length > 16 ? Arrays.copyOfRange(bytes, 16, bytes.length) : new byte[0];
    LogicalUnit unit = unit();
    Nexus nexus = new Nexus("iqn.x:i", 1, 1);
    unit.attach(nexus);
    assertThat(LogicalUnit.dataOutLength(cdb)).isBetween(0L, 64L << 20);
    Reply reply =
        unit.execute(nexus, cdb, ByteBuffer.wrap(data), data.length, ByteBuffer::allocate);
    assertThat(reply.status()).isIn(Reply.GOOD, Reply.CHECK_CONDITION, Reply.RESERVATION_CONFLICT);
  }

  private static LoginNegotiation loggedIn(TargetDirectory directory) throws ProtocolException {
    LoginNegotiation login = new LoginNegotiation(directory, 1);
    send(login, 0x01, "InitiatorName=iqn.x:i", "TargetName=" + IQN, "AuthMethod=CHAP");
    Map<String, String> challenge = TextKeys.parse(send(login, 0x01, "CHAP_A=7").data());
    byte[] answer =
        Chap.digest(
            Chap.Algorithm.choose("7").orElseThrow(),
            (byte) Integer.parseInt(challenge.getOrDefault("CHAP_I", "")),
            "secretsecret".getBytes(StandardCharsets.UTF_8),
            Chap.binary(challenge.getOrDefault("CHAP_C", "")).orElseThrow());
    send(login, 0x81, "CHAP_N=user", "CHAP_R=0x" + HexFormat.of().formatHex(answer));
    LoginNegotiation.Response last =
        send(login, 0x87, "ImmediateData=Yes", "InitialR2T=No", "FirstBurstLength=65536");
    assertThat(last.complete()).isTrue();
    return login;
  }

  private static LoginNegotiation.Response send(
      LoginNegotiation login, int flags, String... pairs) {
    byte[] text = (String.join("\0", pairs) + "\0").getBytes(StandardCharsets.UTF_8);
    return login.accept(Bhs.of(Bhs.LOGIN, flags), text);
  }

  /** A connection on which certain bytes come and which takes every answer. */
  private static final class Recorded implements ReadableByteChannel, GatheringByteChannel {
    private final ByteBuffer input;
    private volatile boolean open = true;

    Recorded(byte[] bytes) {
      input = ByteBuffer.wrap(bytes);
    }

    @Override
    public int read(ByteBuffer destination) {
      if (!input.hasRemaining()) {
        return -1;
      }
      int count = Math.min(input.remaining(), destination.remaining());
      destination.put(input.duplicate().limit(input.position() + count));
      input.position(input.position() + count);
      return count;
    }

    @Override
    public int write(ByteBuffer source) {
      int count = source.remaining();
      source.position(source.limit());
      return count;
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
      long count = 0;
      for (int i = offset; i < offset + length; i++) {
        count += write(sources[i]);
      }
      return count;
    }

    @Override
    public long write(ByteBuffer[] sources) {
      return write(sources, 0, sources.length);
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      open = false;
    }
  }
}
