// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.contract.volume.v1.DeleteSessionRequest;
import hearth.contract.volume.v1.GetSessionRequest;
import hearth.contract.volume.v1.ListSessionsRequest;
import hearth.contract.volume.v1.ListSessionsResponse;
import hearth.contract.volume.v1.Session;
import hearth.kit.access.Caller;
import hearth.kit.id.ResourceName;
import hearth.kit.listing.Fields;
import hearth.kit.listing.Listing;
import hearth.kit.problem.Problem;
import hearth.volume.iscsi.SessionInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** The sessions that initiators have open on volumes. Safe for any thread. */
public final class Sessions {
  private static final String VOLUME = "accounts/{account}/volumes/{volume}";
  private static final String PATTERN = VOLUME + "/sessions/{session}";
  private static final Duration STAY_AWAY = Duration.ofMinutes(1);
  private static final int LONGEST_SECONDS = 65_535;
  private static final Listing<Session> LISTING =
      new Listing<>(
          new Fields<Session>()
              .with("name", Session::getName)
              .with("initiator", Session::getInitiator)
              .with("address", Session::getAddress)
              .with("create_time", session -> Volumes.instant(session.getCreateTime()))
              .with("read_bytes", Session::getReadBytes)
              .with("written_bytes", Session::getWrittenBytes)
              .with("command_count", Session::getCommandCount),
          "name");

  private final VolumeRecords records;
  private final Volumes volumes;
  private final Exports exports;

  public Sessions(VolumeRecords records, Volumes volumes, Exports exports) {
    this.records = records;
    this.volumes = volumes;
    this.exports = exports;
  }

  /** ListSessions. */
  public ListSessionsResponse list(Caller caller, ListSessionsRequest request) {
    List<String> ids = ResourceName.parse("parent", VOLUME, request.getParent());
    List<VolumeRecord> of =
        ids.getLast().equals("-")
            ? volumes.visible(
                caller, ids.getFirst().equals("me") ? caller.account() : ids.getFirst())
            : List.of(volumes.find(caller, request.getParent()));
    List<Session> all =
        of.stream()
            .flatMap(volume ->
                exports.sessions(volume).stream().map(session -> describe(volume, session)))
            .toList();
    Listing.Page<Session> page =
        LISTING.page(
            all,
            new Listing.Query(
                request.getParent(),
                request.getPageSize(),
                request.getPageToken(),
                request.getFilter(),
                request.getOrderBy()));
    return ListSessionsResponse.newBuilder()
        .addAllSessions(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  private Session describe(VolumeRecord volume, SessionInfo session) {
    Session.Builder described = Session.newBuilder();
    if (!session.began().equals(Instant.EPOCH)) {
      described.setCreateTime(Volumes.timestamp(session.began()));
    }
    if (session.isid() != 0) {
      described.setIsid("%012x".formatted(session.isid()));
    }
    return described
        .setName(volume.name() + "/sessions/" + session.id())
        .setInitiator(session.initiator())
        .setAddress(session.address())
        .setReadBytes(session.readBytes())
        .setWrittenBytes(session.writtenBytes())
        .setCommandCount(session.commands())
        .setHeaderDigest(session.headerDigest())
        .setDataDigest(session.dataDigest())
        .build();
  }

  private record Found(VolumeRecord volume, SessionInfo session) {}

  private Found find(Caller caller, String name) {
    List<String> ids = ResourceName.parse("name", PATTERN, name);
    VolumeRecord volume = volumes.find(caller, "accounts/" + ids.get(0) + "/volumes/" + ids.get(1));
    return exports.sessions(volume).stream()
        .filter(session -> String.valueOf(session.id()).equals(ids.get(2)))
        .findFirst()
        .map(session -> new Found(volume, session))
        .orElseThrow(() -> Problem.notFound("session", name, "See: hearth session list"));
  }

  /** GetSession. */
  public Session get(Caller caller, GetSessionRequest request) {
    Found found = find(caller, request.getName());
    return describe(found.volume(), found.session());
  }

  /** DeleteSession. */
  public void delete(Caller caller, DeleteSessionRequest request) {
    int seconds =
        request.hasRetryDelaySeconds()
            ? request.getRetryDelaySeconds()
            : (int) STAY_AWAY.toSeconds();
    if (seconds < 0 || seconds > LONGEST_SECONDS) {
      throw Problem.invalid(
          "retry_delay_seconds", "is not within 0 and 65535", "Leave it out for one minute");
    }
    Found found = find(caller, request.getName());
    if (!request.getValidateOnly()) {
      records.audit(caller, "session.delete", found.volume().name(), found.session().initiator());
      records.afterCommit(
          () -> exports.dismiss(found.volume(), found.session(), Duration.ofSeconds(seconds)));
    }
  }
}
