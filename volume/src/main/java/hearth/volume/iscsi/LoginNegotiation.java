// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The target's side of a login (RFC 7143 6.3): takes requests, gives responses, and at the end
 * knows who logged in and what was settled. Pure: no sockets, no time. For one thread.
 */
final class LoginNegotiation {
  private static final int SECURITY = 0;
  private static final int OPERATIONAL = 1;
  private static final int FULL_FEATURE = 3;

  private static final int INITIATOR_ERROR = 0x0200;
  private static final int AUTHENTICATION_FAILED = 0x0201;
  private static final int FORBIDDEN = 0x0202;
  private static final int NOT_FOUND = 0x0203;
  private static final int UNSUPPORTED_VERSION = 0x0205;
  private static final int TOO_MANY_CONNECTIONS = 0x0206;
  private static final int MISSING_PARAMETER = 0x0207;
  private static final int SESSION_TYPE_NOT_SUPPORTED = 0x0209;
  private static final int INVALID_DURING_LOGIN = 0x020B;

  private static final int LARGEST_TEXT = 65_536;
  private static final int MOST_REQUESTS = 32;
  private static final int MAX_BURST = 1_048_576;
  private static final int FIRST_BURST = 262_144;

  private final TargetDirectory directory;
  private final int portalGroup;
  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private int requests;
  private int stage = -1;
  private boolean authenticated;
  private boolean declared;
  private @Nullable String initiator;
  private boolean discovery;
  private @Nullable Target target;
  private @Nullable Chap chap;
  private final java.util.Set<String> seen = new java.util.HashSet<>();

  private boolean headerDigest;
  private boolean dataDigest;
  private boolean initialR2t = true;
  private boolean immediateData = true;
  private int initiatorSegment = 8192;
  private int maxBurst = 262_144;
  private int firstBurst = 65_536;

  /**
   * A login that begins.
   *
   * @param portalGroup tag of the portal group that the connection came to
   */
  LoginNegotiation(TargetDirectory directory, int portalGroup) {
    this.directory = directory;
    this.portalGroup = portalGroup;
  }

  /** A response; {@code status} other than 0 ends the connection after it was sent. */
  record Response(Bhs header, byte[] data, int status, boolean complete) {}

  /** Who logged in. */
  String initiator() {
    return java.util.Objects.requireNonNull(initiator);
  }

  boolean discovery() {
    return discovery;
  }

  /** The target logged in to; in a discovery session the only one shown. */
  Target target() {
    return java.util.Objects.requireNonNull(target);
  }

  Parameters parameters() {
    return new Parameters(
        headerDigest,
        dataDigest,
        initialR2t,
        immediateData,
        initiatorSegment,
        maxBurst,
        Math.min(firstBurst, maxBurst));
  }

  /**
   * Answers a login request. The caller fills in the sequence numbers and, in the last response,
   * the session's handle.
   */
  Response accept(Bhs request, byte[] data) {
    try {
      return answer(request, data);
    } catch (Refusal refusal) {
      return refuse(request, refusal.status);
    } catch (ProtocolException e) {
      return refuse(request, INITIATOR_ERROR);
    }
  }

  private static final class Refusal extends Exception {
    final int status;

    Refusal(int status) {
      super(Integer.toHexString(status), null, false, false);
      this.status = status;
    }
  }

  private Response refuse(Bhs request, int status) {
    return new Response(header(request).set16(36, status), new byte[0], status, false);
  }

  private static Bhs header(Bhs request) {
    Bhs response = Bhs.of(Bhs.LOGIN_RESPONSE, 0);
    System.arraycopy(request.array(), 8, response.array(), 8, 8); // ISID, TSIH
    return response.initiatorTaskTag(request.initiatorTaskTag());
  }

  private Response answer(Bhs request, byte[] data) throws Refusal, ProtocolException {
    if (request.at(3) != 0) {
      throw new Refusal(UNSUPPORTED_VERSION);
    }
    boolean transit = (request.flags() & 0x80) != 0;
    boolean continues = (request.flags() & 0x40) != 0;
    int current = request.flags() >> 2 & 3;
    int next = request.flags() & 3;
    if (++requests > MOST_REQUESTS || text.size() + data.length > LARGEST_TEXT) {
      throw new Refusal(INITIATOR_ERROR);
    }
    if (request.int16(14) != 0) {
      throw new Refusal(
          TOO_MANY_CONNECTIONS); // a second connection of a session; we settle MaxConnections=1
    }
    boolean stageValid = current == SECURITY || current == OPERATIONAL;
    if (!stageValid
        || current < stage
        || (continues && transit)
        || (transit && (next <= current || next == 2))) {
      throw new Refusal(INVALID_DURING_LOGIN);
    }
    text.writeBytes(data);
    if (continues) {
      return new Response(header(request).set(1, current << 2), new byte[0], 0, false);
    }
    Map<String, String> offered = TextKeys.parse(text.toByteArray());
    text.reset();
    if (stage < 0) {
      identify(offered);
    }
    stage = current;
    Map<String, String> answers = new LinkedHashMap<>();
    boolean mayLeave;
    if (current == SECURITY) {
      mayLeave = authenticate(offered, answers);
      operational(offered, answers);
    } else {
      if (!authenticated) {
        throw new Refusal(AUTHENTICATION_FAILED);
      }
      operational(offered, answers);
      mayLeave = true;
    }
    if (!declared) {
      declared = true;
      if (!discovery) {
        answers.put("TargetPortalGroupTag", String.valueOf(portalGroup));
      }
    }
    boolean leaves = transit && mayLeave;
    boolean complete = leaves && next == FULL_FEATURE;
    if (leaves && next == OPERATIONAL) {
      stage = OPERATIONAL;
    }
    if ((current == OPERATIONAL || complete)
        && !answers.containsKey("MaxRecvDataSegmentLength")
        && seen.add(" declared")) {
      answers.put(
          "MaxRecvDataSegmentLength", String.valueOf(Parameters.MAX_RECV_DATA_SEGMENT_LENGTH));
    }
    int flags = (leaves ? 0x80 | next : 0) | current << 2;
    return new Response(header(request).set(1, flags), TextKeys.encode(answers), 0, complete);
  }

  private void identify(Map<String, String> offered) throws Refusal {
    String name = offered.get("InitiatorName");
    if (name == null || name.isEmpty() || name.length() > 223) {
      throw new Refusal(MISSING_PARAMETER);
    }
    initiator = name;
    String type = offered.getOrDefault("SessionType", "Normal");
    if (type.equals("Discovery")) {
      discovery = true;
    } else if (type.equals("Normal")) {
      String wanted = offered.get("TargetName");
      if (wanted == null) {
        throw new Refusal(MISSING_PARAMETER);
      }
      target = directory.find(wanted).orElseThrow(() -> new Refusal(NOT_FOUND));
    } else {
      throw new Refusal(SESSION_TYPE_NOT_SUPPORTED);
    }
  }

  /** One step of authentication; true once it is done. */
  private boolean authenticate(Map<String, String> offered, Map<String, String> answers)
      throws Refusal {
    if (authenticated) {
      return true;
    }
    String methods = offered.get("AuthMethod");
    if (methods != null) {
      if (!List.of(methods.split(",", 16)).contains("CHAP")) {
        throw new Refusal(AUTHENTICATION_FAILED);
      }
      answers.put("AuthMethod", "CHAP");
    }
    String algorithms = offered.get("CHAP_A");
    if (algorithms != null) {
      if (chap != null) {
        throw new Refusal(AUTHENTICATION_FAILED);
      }
      chap =
          new Chap(
              Chap.Algorithm.choose(algorithms)
                  .orElseThrow(() -> new Refusal(AUTHENTICATION_FAILED)));
      answers.put("CHAP_A", String.valueOf(chap.algorithm().number));
      answers.put("CHAP_I", chap.identifier());
      answers.put("CHAP_C", chap.challenge());
    }
    String user = offered.get("CHAP_N");
    String response = offered.get("CHAP_R");
    if (user != null || response != null) {
      Target proved = prove(user, response);
      if (offered.containsKey("CHAP_I") || offered.containsKey("CHAP_C")) {
        proveOurselves(proved, offered, answers);
      }
      target = proved;
      authenticated = true;
    }
    return authenticated;
  }

  /** The target whose secret the initiator knows. */
  private Target prove(@Nullable String user, @Nullable String response) throws Refusal {
    if (chap == null || user == null || response == null) {
      throw new Refusal(AUTHENTICATION_FAILED);
    }
    Optional<Target> known =
        discovery
            ? directory.findByChapUser(user)
            : Optional.ofNullable(target).filter(wanted -> wanted.chapUser().equals(user));
    // An unknown name costs the same digest as a known one.
    byte[] secret =
        known
            .map(Target::chapSecret)
            .orElse("no such user at all")
            .getBytes(StandardCharsets.UTF_8);
    boolean proved = chap.verify(Chap.binary(response).orElse(new byte[0]), secret);
    if (known.isEmpty() || !proved) {
      throw new Refusal(AUTHENTICATION_FAILED);
    }
    if (!known.get().admits(initiator())) {
      throw new Refusal(FORBIDDEN);
    }
    return known.get();
  }

  /** The initiator wants the target to prove that it is the one (RFC 7143 12.1.3). */
  private void proveOurselves(
      Target proved, Map<String, String> offered, Map<String, String> answers) throws Refusal {
    String identifier = offered.getOrDefault("CHAP_I", "");
    Optional<byte[]> challenge = Chap.binary(offered.getOrDefault("CHAP_C", ""));
    if (chap == null || challenge.isEmpty() || proved.targetSecret().isEmpty()) {
      throw new Refusal(AUTHENTICATION_FAILED);
    }
    byte[] secret = proved.targetSecret().getBytes(StandardCharsets.UTF_8);
    String response =
        chap.respond(number(identifier, 0, 255), challenge.get(), secret)
            .orElseThrow(() -> new Refusal(AUTHENTICATION_FAILED));
    answers.put("CHAP_N", proved.chapUser());
    answers.put("CHAP_R", response);
  }

  private void operational(Map<String, String> offered, Map<String, String> answers)
      throws Refusal {
    for (Map.Entry<String, String> pair : offered.entrySet()) {
      String key = pair.getKey();
      switch (key) {
        case "InitiatorName",
            "InitiatorAlias",
            "TargetName",
            "SessionType",
            "AuthMethod",
            "CHAP_A",
            "CHAP_N",
            "CHAP_R",
            "CHAP_I",
            "CHAP_C" -> {}
        default -> {
          if (!seen.add(key)) {
            throw new Refusal(INITIATOR_ERROR);
          }
          String answer = settle(key, pair.getValue());
          if (!answer.isEmpty()) {
            answers.put(key, answer);
          }
        }
      }
    }
  }

  private String settle(String key, String value) throws Refusal {
    return switch (key) {
      case "HeaderDigest" -> {
        String chosen = digest(value);
        headerDigest = chosen.equals("CRC32C");
        yield chosen;
      }
      case "DataDigest" -> {
        String chosen = digest(value);
        dataDigest = chosen.equals("CRC32C");
        yield chosen;
      }
      case "MaxRecvDataSegmentLength" -> {
        initiatorSegment = number(value, 512, 0xFFFFFF);
        seen.add(" declared");
        yield String.valueOf(Parameters.MAX_RECV_DATA_SEGMENT_LENGTH);
      }
      case "MaxBurstLength" -> {
        int wanted = number(value, 512, 0xFFFFFF);
        if (discovery) {
          yield "Irrelevant";
        }
        maxBurst = Math.min(wanted, MAX_BURST);
        yield String.valueOf(maxBurst);
      }
      case "FirstBurstLength" -> {
        int wanted = number(value, 512, 0xFFFFFF);
        if (discovery) {
          yield "Irrelevant";
        }
        firstBurst = Math.min(wanted, FIRST_BURST);
        yield String.valueOf(firstBurst);
      }
      case "InitialR2T" -> {
        initialR2t = truth(value);
        yield discovery ? "Irrelevant" : value;
      }
      case "ImmediateData" -> {
        immediateData = truth(value);
        yield discovery ? "Irrelevant" : value;
      }
      case "MaxConnections", "MaxOutstandingR2T" -> {
        int _ = number(value, 1, 65535);
        yield discovery ? "Irrelevant" : "1";
      }
      case "DataPDUInOrder", "DataSequenceInOrder" -> {
        boolean _ = truth(value);
        yield discovery ? "Irrelevant" : "Yes";
      }
      case "DefaultTime2Wait" -> String.valueOf(Math.max(number(value, 0, 3600), 2));
      case "DefaultTime2Retain" -> {
        int _ = number(value, 0, 3600);
        yield "0"; // at error recovery level 0 nothing is retained
      }
      case "ErrorRecoveryLevel" -> {
        int _ = number(value, 0, 2);
        yield "0";
      }
      case "IFMarker", "OFMarker" -> "No";
      case "IFMarkInt", "OFMarkInt" -> "Reject";
      case "TaskReporting" -> "RFC3720";
      case "iSCSIProtocolLevel" -> String.valueOf(Math.min(number(value, 0, 31), 1));
      default -> "NotUnderstood";
    };
  }

  private String digest(String list) {
    List<String> offered = Arrays.asList(list.split(",", 16));
    // In discovery sessions some initiators offer digests that they then do not do.
    if (discovery && offered.contains("None")) {
      return "None";
    }
    for (String digest : offered) {
      if (digest.equals("CRC32C") || digest.equals("None")) {
        return digest;
      }
    }
    return "Reject";
  }

  private static int number(String value, int least, int most) throws Refusal {
    try {
      int number = value.length() > 10 ? -1 : Integer.decode(value);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Falls through to the refusal.
    }
    throw new Refusal(INITIATOR_ERROR);
  }

  private static boolean truth(String value) throws Refusal {
    return switch (value) {
      case "Yes" -> true;
      case "No" -> false;
      default -> throw new Refusal(INITIATOR_ERROR);
    };
  }
}
