// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A day in fast motion: 200 volumes and 20 initiators that come and go, snapshots, clones, growth,
 * limits, deletes, a pool that is nearly full, a host that is killed and stopped. All data is
 * verified throughout, and afterwards nothing is left behind. {@code -Dday.seconds} makes it
 * longer.
 */
@Tag("system")
class DayTest {
  private static final int SECONDS = Integer.getInteger("day.seconds", 40);
  private static final int VOLUMES = 200;
  private static final int INITIATORS = 20;
  private static final int REGION = 64 << 10;
  private static final int UNKNOWN = -1;
  private static final int MOST_SNAPSHOTS = 3;

  @TempDir Path home;

  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<String, AtomicInteger> done =
      new java.util.concurrent.ConcurrentSkipListMap<>();

  /** Held to read by who asks the API, so that a restart comes between two questions. */
  private final ReadWriteLock restarts = new ReentrantReadWriteLock(true);

  private volatile boolean scarce;
  private volatile boolean over;
  private final AtomicInteger restarted = new AtomicInteger();
  private String token = "";

  /** What a volume or snapshot should hold: a byte that fills each region. */
  private static final class Disk {
    final String name;
    long size;
    final Map<Integer, Integer> regions = new HashMap<>();
    final List<Disk> snapshots = new ArrayList<>();

    Disk(String name, long size) {
      this.name = name;
      this.size = size;
    }

    int regionCount() {
      return (int) (size / REGION);
    }

    int at(int region) {
      return regions.getOrDefault(region, 0);
    }
  }

  private record Answer(int status, JsonObject body) {}

  private Answer call(Host host, String method, String path, String body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(host.uri() + "/v1/" + path))
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .timeout(Duration.ofSeconds(60))
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    restarts.readLock().lock();
    try {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      return new Answer(
          response.statusCode(), JsonParser.parseString(response.body()).getAsJsonObject());
    } finally {
      restarts.readLock().unlock();
    }
  }

  /** Whether it was done; on a pool that is full it may be refused. */
  private boolean did(String what, Answer answer) {
    if (answer.status() == 200) {
      count(what);
      return true;
    }
    assertThat(scarce && answer.body().toString().contains("full"))
        .as(what + ": " + answer)
        .isTrue();
    count("refused for want of space");
    return false;
  }

  private void count(String what) {
    done.computeIfAbsent(what, key -> new AtomicInteger()).incrementAndGet();
  }

  /** One who owns ten volumes, and uses them one after the other. */
  private final class Initiator {
    private final Host host;
    private final String name;
    private final Random random;
    private final List<Disk> disks = new ArrayList<>();

    /** What could not be deleted while the disk was full. */
    private final List<Disk> refused = new ArrayList<>();

    private int made;

    Initiator(Host host, int number) {
      this.host = host;
      this.name = "i" + number;
      this.random = new Random(number);
    }

    @Nullable Disk create(String source, long size) throws Exception {
      Disk disk = new Disk(name + "-" + made++, size);
      String path = "accounts/me/volumes?volumeId=" + disk.name;
      Answer answer =
          call(
              host,
              "POST",
              source.isEmpty() ? path : path + "&sourceSnapshot=accounts/me/" + source,
              "{\"sizeBytes\": \"" + size + "\"}");
      return did(source.isEmpty() ? "volumes created" : "clones", answer) ? disk : null;
    }

    void live() throws Exception {
      while (!over) {
        Disk disk = disks.get(random.nextInt(disks.size()));
        int dice = random.nextInt(100);
        String path = "accounts/me/volumes/" + disk.name;
        if (dice < 60) {
          use(disk);
        } else if (dice < 72) {
          if (disk.snapshots.size() < MOST_SNAPSHOTS) {
            snapshot(disk);
          }
        } else if (dice < 80) {
          if (!disk.snapshots.isEmpty()) {
            verify(disk.snapshots.get(random.nextInt(disk.snapshots.size())));
          }
        } else if (dice < 86) {
          if (!disk.snapshots.isEmpty()) {
            Disk snapshot = disk.snapshots.remove(random.nextInt(disk.snapshots.size()));
            did("snapshots deleted", call(host, "DELETE", "accounts/me/" + snapshot.name, "{}"));
          }
        } else if (dice < 90) {
          if (!disk.snapshots.isEmpty()) {
            exchange(disk, disk.snapshots.get(random.nextInt(disk.snapshots.size())));
          }
        } else if (dice < 93) {
          if (disk.size < 32 << 20
              && did(
                  "growths",
                  call(
                      host,
                      "PATCH",
                      path,
                      "{\"sizeBytes\": \"" + (disk.size + (4 << 20)) + "\"}"))) {
            disk.size += 4 << 20;
          }
        } else if (dice < 97) {
          int operations = random.nextBoolean() ? 0 : 200;
          did(
              "limits",
              call(
                  host,
                  "PATCH",
                  path + "?updateMask=limits",
                  "{\"limits\": {\"operationsPerSecond\": \"" + operations + "\"}}"));
        } else {
          Disk fresh = create("", 8 << 20);
          if (fresh != null) {
            delete(disk);
            disks.set(disks.indexOf(disk), fresh);
          }
        }
      }
    }

    private void snapshot(Disk disk) throws Exception {
      String id = "s" + made++;
      if (did(
          "snapshots",
          call(
              host,
              "POST",
              "accounts/me/volumes/" + disk.name + "/snapshots?snapshotId=" + id,
              "{}"))) {
        Disk snapshot = new Disk("volumes/" + disk.name + "/snapshots/" + id, disk.size);
        snapshot.regions.putAll(disk.regions);
        disk.snapshots.add(snapshot);
      }
    }

    /** Replaces a volume by a clone of one of its snapshots. */
    private void exchange(Disk disk, Disk snapshot) throws Exception {
      Disk clone = create(snapshot.name, snapshot.size);
      if (clone != null) {
        clone.regions.putAll(snapshot.regions);
        delete(disk);
        disks.set(disks.indexOf(disk), clone);
      }
    }

    void delete(Disk disk) throws Exception {
      if (!did("volumes deleted", askToDelete(disk))) {
        refused.add(disk);
      }
    }

    private Answer askToDelete(Disk disk) throws Exception {
      return call(host, "DELETE", "accounts/me/volumes/" + disk.name + "?force=true", "{}");
    }

    /** Deletes what is left; a start may have ended what was begun when there was no room. */
    void deleteAll() throws Exception {
      for (Disk volume : disks) {
        delete(volume);
      }
      for (Disk volume : List.copyOf(refused)) {
        Answer answer = askToDelete(volume);
        assertThat(answer.status()).as(volume.name + ": " + answer).isIn(200, 404);
      }
    }

    /** Logs in, looks at what is there, writes, discards, and looks again. */
    private void use(Disk disk) throws Exception {
      List<String> commands = new ArrayList<>();
      Map<Integer, Integer> changes = new HashMap<>();
      for (int i = 0; i < 4; i++) {
        read(commands, disk, random.nextInt(disk.regionCount()), Map.of());
      }
      for (int i = 0; i < 4; i++) {
        int region = random.nextInt(disk.regionCount());
        int pattern = random.nextInt(6) == 0 ? 0 : 1 + random.nextInt(254);
        commands.add(
            pattern == 0
                ? "discard " + (long) region * REGION + " " + REGION
                : "write -P " + pattern + " " + (long) region * REGION + " " + REGION);
        changes.put(region, pattern);
      }
      if (random.nextBoolean()) {
        commands.add("flush");
      }
      for (int region : changes.keySet()) {
        read(commands, disk, region, changes);
      }
      int before = restarted.get();
      boolean excused = scarce;
      Host.Result result = run(disk.name, disk, false, commands);
      boolean whole = result.code() == 0 && !result.out().contains("failed");
      if (whole) {
        disk.regions.putAll(changes);
        count("uses by an initiator");
        return;
      }
      // The session broke with the host, or there was no room: what was written now may be there or
      // not.
      assertThat(untilRefused(result.out()))
          .as(disk.name)
          .doesNotContain("Pattern verification failed");
      assertThat(excused || scarce || restartedSince(before))
          .as(disk.name + ": " + result)
          .isTrue();
      changes.keySet().forEach(region -> disk.regions.put(region, UNKNOWN));
      count("uses cut short");
    }

    /** Odd while the host starts again. */
    private boolean restartedSince(int before) {
      return before % 2 != 0 || before != restarted.get();
    }

    /**
     * What was said before the first command that failed; what follows reads what was not written.
     */
    private static String untilRefused(String out) {
      int refused = out.indexOf(" failed: ");
      return refused < 0 ? out : out.substring(0, refused);
    }

    private void read(List<String> commands, Disk disk, int region, Map<Integer, Integer> changes) {
      int pattern = changes.getOrDefault(region, disk.at(region));
      if (pattern != UNKNOWN) {
        commands.add("read -P " + pattern + " " + (long) region * REGION + " " + REGION);
      }
    }

    /** Reads all that is known of a volume or snapshot. */
    void verify(Disk disk) throws Exception {
      List<String> commands = new ArrayList<>();
      for (int region = 0; region < disk.regionCount(); region++) {
        read(commands, disk, region, Map.of());
      }
      boolean snapshot = disk.name.contains("/");
      for (int attempt = 0; ; attempt++) {
        int before = restarted.get();
        Host.Result result = run(disk.name, disk, snapshot, commands);
        assertThat(result.out()).as(disk.name).doesNotContain("Pattern verification failed");
        if (result.code() == 0 && !result.out().contains("failed")) {
          count("whole verifications");
          return;
        }
        assertThat(attempt < 5 && restartedSince(before)).as(disk.name + ": " + result).isTrue();
      }
    }

    private Host.Result run(String what, Disk disk, boolean readOnly, List<String> commands)
        throws Exception {
      String path = disk.name.contains("/") ? "accounts/me/" + what : "accounts/me/volumes/" + what;
      JsonObject volume = call(host, "GET", path.replaceFirst("/snapshots/.*", ""), "").body();
      JsonObject iscsi = volume.getAsJsonObject("iscsi");
      String iqn =
          readOnly
              ? iscsi.get("iqn").getAsString() + "." + what.replaceFirst(".*/", "")
              : iscsi.get("iqn").getAsString();
      JsonObject file = new JsonObject();
      file.addProperty("driver", "iscsi");
      file.addProperty("transport", "tcp");
      file.addProperty("portal", iscsi.get("portal").getAsString());
      file.addProperty("target", iqn);
      file.addProperty("lun", 0);
      file.addProperty("user", iscsi.get("chapUser").getAsString());
      file.addProperty("password-secret", "secret");
      file.addProperty("initiator-name", "iqn.2026-11.test:" + name);
      JsonObject image = new JsonObject();
      image.addProperty("driver", "raw");
      image.addProperty("read-only", readOnly);
      image.add("file", file);
      List<String> command =
          new ArrayList<>(
              List.of(
                  "timeout",
                  "120",
                  "qemu-io",
                  "--object",
                  "secret,id=secret,data=" + iscsi.get("chapSecret").getAsString()));
      if (readOnly) {
        command.add("-r");
      }
      commands.forEach(one -> command.addAll(List.of("-c", one)));
      command.add("json:" + image);
      return Host.run(command, environment -> {});
    }
  }

  @Test
  void aDayLeavesNothingBehindAndLosesNothing() throws Exception {
    Outside.need("aDayLeavesNothingBehindAndLosesNothing", "qemu-io");
    if (!Host.run("id", "-u").out().strip().equals("0")) {
      Outside.notRun("aDayLeavesNothingBehindAndLosesNothing: mounting a small disk needs root");
    }
    Path disk = Files.createDirectories(home.resolve("data"));
    assertThat(
            Host.run("mount", "-t", "tmpfs", "-o", "size=1500m", "tmpfs", disk.toString()).code())
        .isZero();
    try (Host host = Host.start(home)) {
      day(host, disk);
    } finally {
      Host.run("umount", "--lazy", disk.toString());
    }
  }

  private void day(Host host, Path disk) throws Exception {
    token = host.ok("token", "create", "day", "-o", "jsonpath={.secret}");
    List<Initiator> initiators = new ArrayList<>();
    for (int i = 0; i < INITIATORS; i++) {
      Initiator initiator = new Initiator(host, i);
      for (int k = 0; k < VOLUMES / INITIATORS; k++) {
        initiator.disks.add(Objects.requireNonNull(initiator.create("", 8 << 20)));
      }
      initiators.add(initiator);
    }
    Instant end = Instant.now().plusSeconds(SECONDS);
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<Void>> lives = new ArrayList<>();
      for (Initiator initiator : initiators) {
        lives.add(
            threads.submit(() -> {
              initiator.live();
              return null;
            }));
      }
      try {
        for (int turn = 0; Instant.now().isBefore(end); turn++) {
          TimeUnit.SECONDS.sleep(5);
          assertThat(lives).as(() -> failure(lives)).noneMatch(Future::isDone);
          switch (turn % 3) {
            case 0 -> restart(host, true);
            case 1 -> nearlyFull(disk);
            default -> restart(host, false);
          }
        }
      } finally {
        over = true;
      }
      for (Future<Void> life : lives) {
        life.get(180, TimeUnit.SECONDS);
      }
    }
    restart(host, false);
    for (int i = 0; i < 220; i++) {
      // The API's pool begins a thread for each request until it has 200 of them.
      assertThat(call(host, "GET", "host", "").status()).isEqualTo(200);
    }
    Used before = used(host);
    for (Initiator initiator : initiators) {
      for (Disk volume : initiator.disks) {
        initiator.verify(volume);
        for (Disk snapshot : volume.snapshots) {
          initiator.verify(snapshot);
        }
      }
    }
    for (Initiator initiator : initiators) {
      host.ok("volume", "check", initiator.disks.getFirst().name);
    }
    JsonObject sessions = call(host, "GET", "accounts/me/volumes/-/sessions", "").body();
    assertThat(sessions.has("sessions") ? sessions.getAsJsonArray("sessions") : new JsonArray())
        .isEmpty();
    for (Initiator initiator : initiators) {
      initiator.deleteAll();
    }
    String listed = host.ok("volume", "list");
    String log = host.log();
    Path volumes = host.dataFolder().resolve("volumes");
    try (Stream<Path> files = Files.walk(volumes)) {
      assertThat(files.filter(Files::isRegularFile).map(volumes::relativize))
          .as(() -> "what is left, of the volumes " + listed + ", with the log " + log)
          .isEmpty();
    }
    Used after = used(host);
    System.out.println("a day in " + SECONDS + " seconds: " + done);
    System.out.println(
        "before and after the volumes were read and deleted: " + before + ", " + after);
    assertThat(after.descriptors()).isLessThanOrEqualTo(before.descriptors());
    assertThat(after.threads()).isLessThanOrEqualTo(before.threads() + 20);
    assertThat(after.heapBytes()).isLessThan(before.heapBytes() + (8 << 20));
    for (String what :
        List.of("snapshots", "clones", "growths", "limits", "volumes deleted", "kills", "stops")) {
      assertThat(done).containsKey(what);
    }
  }

  private static String failure(List<Future<Void>> lives) {
    return lives.stream()
        .filter(life -> life.state() == Future.State.FAILED)
        .map(life -> String.valueOf(life.exceptionNow()))
        .collect(Collectors.joining("\n"));
  }

  private void restart(Host host, boolean kill) throws Exception {
    restarts.writeLock().lock();
    try {
      restarted.incrementAndGet();
      if (kill) {
        host.killAndRestart();
      } else {
        assertThat(host.stopAndRestart()).isIn(0, 143);
      }
      restarted.incrementAndGet();
    } finally {
      restarts.writeLock().unlock();
    }
    count(kill ? "kills" : "stops");
  }

  /** Something else takes the disk for a while. */
  private void nearlyFull(Path disk) throws Exception {
    scarce = true;
    Path filler = disk.resolve("filler");
    Host.run("sh", "-c", "head -c 2G /dev/zero >" + filler);
    TimeUnit.SECONDS.sleep(3);
    Files.delete(filler);
    TimeUnit.SECONDS.sleep(2);
    scarce = false;
    count("times without space");
  }

  private record Used(int descriptors, int threads, long heapBytes) {}

  /** What the host's process has, once what nobody needs is collected. */
  private static Used used(Host host) throws Exception {
    Path process = Path.of("/proc", String.valueOf(host.pid()));
    String histogram =
        Host.run(
                Path.of(System.getProperty("java.home"), "bin/jcmd").toString(),
                String.valueOf(host.pid()),
                "GC.class_histogram")
            .out();
    String total =
        histogram.lines().filter(line -> line.startsWith("Total")).findFirst().orElseThrow();
    try (Stream<Path> descriptors = Files.list(process.resolve("fd"));
        Stream<Path> threads = Files.list(process.resolve("task"))) {
      return new Used(
          (int) descriptors.count(),
          (int) threads.count(),
          Long.parseLong(total.strip().split("\\s+", -1)[2]));
    }
  }
}
