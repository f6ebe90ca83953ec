// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The target's side of a login, without any socket. */
class LoginNegotiationTest {
  private static final String IQN = "iqn.2026-11.test:t";

  private java.util.Set<String> admitted = java.util.Set.of();

  private final class OneTarget implements TargetDirectory {
    private Target target() {
      return new Target(
          IQN,
          "user",
          "secretsecret",
          "targetsecret",
          admitted,
          new hearth.volume.scsi.LogicalUnit(
              new hearth.volume.scsi.Identity("00112233445566778899aabbccddeeff", IQN, "0.1", 1),
              new NoData(),
              hearth.volume.scsi.Traits.DISK));
    }

    @Override
    public Optional<Target> find(String iqn) {
      return iqn.equals(IQN) ? Optional.of(target()) : Optional.empty();
    }

    @Override
    public Optional<Target> findByChapUser(String user) {
      return user.equals("user") ? Optional.of(target()) : Optional.empty();
    }
  }

  private final LoginNegotiation login = new LoginNegotiation(new OneTarget(), 1);

  private LoginNegotiation.Response send(int flags, String... pairs) {
    StringBuilder text = new StringBuilder();
    for (String pair : pairs) {
      text.append(pair).append('\0');
    }
    return login.accept(Bhs.of(Bhs.LOGIN, flags), text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static Map<String, String> keys(LoginNegotiation.Response response)
      throws ProtocolException {
    return new LinkedHashMap<>(TextKeys.parse(response.data()));
  }

  private LoginNegotiation.Response prove(String user, String secret, String algorithm)
      throws ProtocolException {
    assertThat(
            keys(send(0x01, "InitiatorName=iqn.x:i", "TargetName=" + IQN, "AuthMethod=CHAP,None")))
        .containsEntry("AuthMethod", "CHAP")
        .containsEntry("TargetPortalGroupTag", "1");
    Map<String, String> challenge = keys(send(0x01, "CHAP_A=" + algorithm));
    Chap.Algorithm chosen =
        Chap.Algorithm.choose(challenge.getOrDefault("CHAP_A", "")).orElseThrow();
    byte[] response =
        Chap.digest(
            chosen,
            (byte) Integer.parseInt(challenge.getOrDefault("CHAP_I", "")),
            secret.getBytes(StandardCharsets.UTF_8),
            Chap.binary(challenge.getOrDefault("CHAP_C", "")).orElseThrow());
    return send(0x81, "CHAP_N=" + user, "CHAP_R=0x" + HexFormat.of().formatHex(response));
  }

  @Test
  void theRightSecretOpensTheTargetWithEveryAlgorithm() throws ProtocolException {
    for (String algorithm : new String[] {"5", "6", "7", "8", "5,7"}) {
      LoginNegotiationTest fresh = new LoginNegotiationTest();
      assertThat(fresh.prove("user", "secretsecret", algorithm).status()).isZero();
      LoginNegotiation.Response last =
          fresh.send(
              0x87,
              "MaxRecvDataSegmentLength=65536",
              "HeaderDigest=CRC32C,None",
              "InitialR2T=No",
              "X-odd=1",
              "IFMarker=Yes",
              "MaxBurstLength=4096");
      assertThat(last.complete()).isTrue();
      assertThat(keys(last))
          .containsEntry("HeaderDigest", "CRC32C")
          .containsEntry("X-odd", "NotUnderstood")
          .containsEntry("IFMarker", "No")
          .containsEntry("MaxBurstLength", "4096");
      assertThat(fresh.login.parameters().firstBurstLength()).isEqualTo(4096);
      assertThat(fresh.login.parameters().headerDigest()).isTrue();
    }
  }

  @Test
  void aTargetProvesItselfToAnInitiatorThatAsks() throws ProtocolException {
    Map<String, String> last =
        keys(proveBoth("iqn.x:i", "CHAP_I=9", "CHAP_C=0x00112233445566778899aabbccddeeff"));
    byte[] expected =
        Chap.digest(
            Chap.Algorithm.SHA_256,
            (byte) 9,
            "targetsecret".getBytes(StandardCharsets.UTF_8),
            HexFormat.of().parseHex("00112233445566778899aabbccddeeff"));
    assertThat(last)
        .containsEntry("CHAP_N", "user")
        .containsEntry("CHAP_R", "0x" + HexFormat.of().formatHex(expected));
  }

  @Test
  void ourOwnChallengeIsNotAnswered() throws ProtocolException {
    assertThat(proveBoth("iqn.x:i", "CHAP_I=9", "").status()).isEqualTo(0x0201);
    assertThat(
            new LoginNegotiationTest().proveBoth("iqn.x:i", "CHAP_I=900", "CHAP_C=0x00").status())
        .isNotZero();
    assertThat(new LoginNegotiationTest().proveBoth("iqn.x:i", "CHAP_I=1", "CHAP_C=zz").status())
        .isEqualTo(0x0201);
  }

  @Test
  void onlyInitiatorsOnTheListAreAdmittedIfThereIsOne() throws ProtocolException {
    admitted = java.util.Set.of("iqn.x:i");
    assertThat(proveBoth("iqn.x:i").status()).isZero();
    LoginNegotiationTest other = new LoginNegotiationTest();
    other.admitted = java.util.Set.of("iqn.x:i");
    assertThat(other.proveBoth("iqn.x:j").status()).isEqualTo(0x0202);
  }

  /** Logs in with SHA-256; an empty pair stands for sending the target's own challenge back. */
  private LoginNegotiation.Response proveBoth(String initiator, String... more)
      throws ProtocolException {
    Map<String, String> _ =
        keys(send(0x01, "InitiatorName=" + initiator, "TargetName=" + IQN, "AuthMethod=CHAP"));
    Map<String, String> challenge = keys(send(0x01, "CHAP_A=7"));
    String theirs = challenge.getOrDefault("CHAP_C", "");
    byte[] response =
        Chap.digest(
            Chap.Algorithm.SHA_256,
            (byte) Integer.parseInt(challenge.getOrDefault("CHAP_I", "")),
            "secretsecret".getBytes(StandardCharsets.UTF_8),
            Chap.binary(theirs).orElseThrow());
    java.util.List<String> pairs = new java.util.ArrayList<>();
    pairs.add("CHAP_N=user");
    pairs.add("CHAP_R=0x" + HexFormat.of().formatHex(response));
    for (String pair : more) {
      pairs.add(pair.isEmpty() ? "CHAP_C=" + theirs : pair);
    }
    return send(0x81, pairs.toArray(new String[0]));
  }

  @Test
  void aWrongSecretOrNameIsRefused() throws ProtocolException {
    assertThat(prove("user", "wrong", "5").status()).isEqualTo(0x0201);
    assertThat(new LoginNegotiationTest().prove("other", "secretsecret", "7").status())
        .isEqualTo(0x0201);
  }

  @Test
  void nobodySkipsAuthentication() {
    assertThat(send(0x87, "InitiatorName=iqn.x:i", "TargetName=" + IQN).status()).isEqualTo(0x0201);
    LoginNegotiationTest fresh = new LoginNegotiationTest();
    assertThat(
            fresh
                .send(0x01, "InitiatorName=iqn.x:i", "TargetName=" + IQN, "AuthMethod=None")
                .status())
        .isEqualTo(0x0201);
    LoginNegotiationTest third = new LoginNegotiationTest();
    LoginNegotiation.Response early =
        third.send(0x83, "InitiatorName=iqn.x:i", "TargetName=" + IQN);
    assertThat(early.complete()).isFalse();
  }

  @Test
  void discoveryNeedsASecretToo() {
    assertThat(send(0x87, "InitiatorName=iqn.x:i", "SessionType=Discovery").status())
        .isEqualTo(0x0201);
  }

  @Test
  void unknownTargetsAndMissingNamesAreRefused() {
    assertThat(send(0x01, "InitiatorName=iqn.x:i", "TargetName=iqn.x:none").status())
        .isEqualTo(0x0203);
    assertThat(new LoginNegotiationTest().send(0x01, "TargetName=" + IQN).status())
        .isEqualTo(0x0207);
    assertThat(new LoginNegotiationTest().send(0x01, "InitiatorName=a", "InitiatorName=b").status())
        .isEqualTo(0x0200);
  }

  @Test
  void noRequestWhateverItHoldsBreaksTheNegotiationOrLogsIn() {
    Random random = new Random(9);
    String[] words = {
      "InitiatorName=iqn.x:i",
      "TargetName=" + IQN,
      "AuthMethod=CHAP",
      "CHAP_A=5",
      "CHAP_N=user",
      "CHAP_R=0x00",
      "CHAP_R=0b!!",
      "MaxBurstLength=99999999999",
      "=x",
      "HeaderDigest=",
      "SessionType=Discovery",
      "x"
    };
    for (int i = 0; i < 50_000; i++) {
      LoginNegotiation negotiation = new LoginNegotiation(new OneTarget(), 1);
      for (int k = 0; k < 5; k++) {
        byte[] header = new byte[48];
        random.nextBytes(header);
        if (random.nextBoolean()) {
          header[3] = 0;
          header[14] = 0;
          header[15] = 0;
        }
        StringBuilder text = new StringBuilder();
        for (int w = random.nextInt(5); w > 0; w--) {
          text.append(words[random.nextInt(words.length)]).append('\0');
        }
        assertThat(
                negotiation
                    .accept(new Bhs(header), text.toString().getBytes(StandardCharsets.UTF_8))
                    .complete())
            .isFalse();
      }
    }
  }
}
