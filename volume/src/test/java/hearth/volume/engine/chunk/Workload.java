// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Random work on a store, with a model beside it that knows what a crash may leave: what was
 * flushed, or what was written after, each write whole or not at all; snapshots exactly.
 */
final class Workload {
  private static final int SECTOR = 512;
  private static final int BLOCK = 4096;

  /** One write since the last flush. */
  record Write(int from, int to, int version) {}

  /** What is known of a volume or snapshot at some moment. */
  static final class Model {
    final boolean snapshot;
    int[] durable;
    int[] current;
    final List<Write> since = new ArrayList<>();

    Model(boolean snapshot, int sectors) {
      this.snapshot = snapshot;
      this.durable = new int[sectors];
      this.current = new int[sectors];
    }

    Model copy() {
      Model copy = new Model(snapshot, 0);
      copy.durable = durable.clone();
      copy.current = current.clone();
      copy.since.addAll(since);
      return copy;
    }

    void settle() {
      durable = current.clone();
      since.clear();
    }
  }

  /** A moment: what must be there, and what may be. */
  record Moment(
      int event, Map<String, Model> must, Map<String, Model> may, Set<String> mayBeGone) {}

  final FaultyDisk disk;
  final List<Moment> moments = new ArrayList<>();
  private final Random random;
  private final Around around;
  private final int sectors;
  private final Map<String, Model> models = new HashMap<>();
  private ChunkStore store;
  private int version;
  private int names;

  Workload(long seed, int mebibytes) throws IOException {
    random = new Random(seed);
    around = new Around(seed);
    disk = new FaultyDisk();
    sectors = mebibytes * 2048;
    String uid = name();
    store =
        ChunkStore.create(
            disk.files(), uid, (long) sectors * SECTOR, new NodeCache(1 << 20), around);
    models.put(uid, new Model(false, sectors));
    disk.record();
  }

  private String name() {
    return "%032x".formatted(++names);
  }

  private Model model(String uid) {
    return java.util.Objects.requireNonNull(models.get(uid), uid);
  }

  /** Does so many random things. */
  void run(int operations) throws IOException {
    for (int i = 0; i < operations; i++) {
      operate();
    }
  }

  ChunkStore store() {
    return store;
  }

  Map<String, Model> models() {
    return models;
  }

  /** Goes on with the store that a crash left. */
  static void verifyAndUse(ChunkStore store, Random random) throws IOException {
    for (Member member : store.members()) {
      if (!member.snapshot) {
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        for (int i = 0; i < 5; i++) {
          long at = random.nextLong(member.size / BLOCK) * BLOCK;
          store.write(member, at, fill(BLOCK, 7_000_000 + i));
          store.read(member, at, block.clear());
          assertThat(block.array()).isEqualTo(fill(BLOCK, 7_000_000 + i).array());
        }
        store.flush();
      }
    }
  }

  private void operate() throws IOException {
    List<String> volumes =
        models.keySet().stream().filter(uid -> !model(uid).snapshot).sorted().toList();
    String uid = volumes.get(random.nextInt(volumes.size()));
    Model model = model(uid);
    int choice = random.nextInt(100);
    if (choice < 55) {
      write(uid, model);
    } else if (choice < 78) {
      moment(Map.of(), Set.of());
      whileOthersWrite(store::flush);
      moment(Map.of(), Set.of());
    } else if (choice < 86) {
      discard(uid, model);
    } else if (choice < 90) {
      around.doWork();
    } else if (choice < 93) {
      snapshot(uid, model);
    } else if (choice < 95) {
      copy();
    } else if (choice < 97) {
      remove();
    } else if (choice < 98) {
      restore(uid);
    } else {
      moment(Map.of(), Set.of());
      whileOthersWrite(() -> {
        long _ = store.sweep();
      });
      moment(Map.of(), Set.of());
    }
  }

  /** Something after which everything is durable that was written before it. */
  private interface Settling {
    void run() throws IOException;
  }

  private void whileOthersWrite(Settling work) throws IOException {
    Map<String, Model> before = new HashMap<>();
    models.forEach((uid, model) -> before.put(uid, model.copy()));
    disk.duringSync(() -> {
      if (random.nextInt(3) == 0) {
        disk.duringSync(() -> {});
        List<String> volumes =
            models.keySet().stream().filter(uid -> !model(uid).snapshot).sorted().toList();
        String uid = volumes.get(random.nextInt(volumes.size()));
        try {
          write(uid, model(uid));
        } catch (IOException e) {
          throw new java.io.UncheckedIOException(e);
        }
      }
    });
    work.run();
    disk.duringSync(() -> {});
    models.forEach((uid, model) -> {
      Model then = java.util.Objects.requireNonNull(before.get(uid));
      model.durable = then.current;
      model.since.subList(0, then.since.size()).clear();
    });
  }

  private void moment(Map<String, Model> may, Set<String> mayBeGone) {
    Map<String, Model> must = new HashMap<>();
    models.forEach((uid, model) -> must.put(uid, model.copy()));
    Map<String, Model> copies = new HashMap<>();
    may.forEach((uid, model) -> copies.put(uid, model.copy()));
    moments.add(new Moment(disk.now(), must, copies, mayBeGone));
  }

  private void write(String uid, Model model) throws IOException {
    int kind = random.nextInt(10);
    int from;
    int count;
    if (kind < 5) {
      count = 8;
      from = random.nextInt(sectors / 8) * 8;
    } else if (kind < 7) {
      count = 1 + random.nextInt(20);
      from = random.nextInt(sectors - count);
    } else {
      count = 8 * (1 + random.nextInt(64));
      from = random.nextInt((sectors - count) / 8) * 8;
    }
    version++;
    int mine = version;
    model.since.add(new Write(from, from + count, mine));
    for (int i = from; i < from + count; i++) {
      model.current[i] = mine;
    }
    moment(Map.of(), Set.of());
    store.write(store.member(uid), (long) from * SECTOR, fill(count * SECTOR, mine));
    moment(Map.of(), Set.of());
  }

  static ByteBuffer fill(int bytes, int version) {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      buffer.putInt(version);
    }
    return buffer.flip();
  }

  private void discard(String uid, Model model) throws IOException {
    int count = random.nextInt(4) == 0 ? sectors / 2 : 1 + random.nextInt(600);
    int from = random.nextInt(sectors - count);
    // A discard need not be whole after a crash: each block of it is a write of its own.
    for (int i = from; i < from + count; ) {
      int end = Math.min((i / 8 + 1) * 8, from + count);
      model.since.add(new Write(i, end, 0));
      i = end;
    }
    for (int i = from; i < from + count; i++) {
      model.current[i] = 0;
    }
    moment(Map.of(), Set.of());
    store.discard(store.member(uid), (long) from * SECTOR, (long) count * SECTOR);
    moment(Map.of(), Set.of());
  }

  private void snapshot(String uid, Model model) throws IOException {
    if (models.size() > 8) {
      return;
    }
    String name = name();
    Model made = new Model(true, sectors);
    made.current = model.current.clone();
    made.settle();
    moment(Map.of(name, made), Set.of());
    store.snapshot(uid, name);
    models.values().forEach(Model::settle);
    models.put(name, made);
    moment(Map.of(), Set.of());
  }

  private void copy() throws IOException {
    List<String> snapshots =
        models.keySet().stream().filter(uid -> model(uid).snapshot).sorted().toList();
    if (snapshots.isEmpty() || models.size() > 8) {
      return;
    }
    String source = snapshots.get(random.nextInt(snapshots.size()));
    String name = name();
    Model made = new Model(false, sectors);
    made.current = model(source).current.clone();
    made.settle();
    moment(Map.of(name, made), Set.of());
    store.copy(source, name);
    models.values().forEach(Model::settle);
    models.put(name, made);
    moment(Map.of(), Set.of());
  }

  private void remove() throws IOException {
    List<String> all = models.keySet().stream().sorted().toList();
    String uid = all.get(random.nextInt(all.size()));
    long volumes = models.values().stream().filter(model -> !model.snapshot).count();
    if (!model(uid).snapshot && volumes == 1) {
      return;
    }
    moment(Map.of(), Set.of(uid));
    store.remove(uid);
    models.remove(uid);
    models.values().forEach(Model::settle);
    moment(Map.of(), Set.of());
  }

  private void restore(String uid) throws IOException {
    List<String> snapshots =
        models.keySet().stream().filter(name -> model(name).snapshot).sorted().toList();
    if (snapshots.isEmpty()) {
      return;
    }
    String source = snapshots.get(random.nextInt(snapshots.size()));
    Model after = new Model(false, sectors);
    after.current = model(source).current.clone();
    after.settle();
    moment(Map.of(uid, after), Set.of(uid));
    store.restore(uid, source);
    models.values().forEach(Model::settle);
    models.put(uid, after);
    moment(Map.of(), Set.of());
  }

  /** Says what of a store contradicts what was known at a moment, or nothing. */
  static String contradiction(ChunkStore store, Moment moment) throws IOException {
    Map<String, Member> there = new HashMap<>();
    store.members().forEach(member -> there.put(member.uid, member));
    Set<String> unknown = new HashSet<>(there.keySet());
    unknown.removeAll(moment.must().keySet());
    unknown.removeAll(moment.may().keySet());
    if (!unknown.isEmpty()) {
      return "unknown members " + unknown;
    }
    for (Map.Entry<String, Model> entry : moment.must().entrySet()) {
      Member member = there.get(entry.getKey());
      if (member == null) {
        if (!moment.mayBeGone().contains(entry.getKey())) {
          return entry.getKey() + " is gone";
        }
        continue;
      }
      String wrong = contradiction(store, member, entry.getValue());
      if (!wrong.isEmpty() && moment.may().containsKey(entry.getKey())) {
        wrong = contradiction(store, member, moment.may().get(entry.getKey()));
      }
      if (!wrong.isEmpty()) {
        return wrong;
      }
    }
    for (Map.Entry<String, Model> entry : moment.may().entrySet()) {
      Member member = there.get(entry.getKey());
      if (member != null && !moment.must().containsKey(entry.getKey())) {
        String wrong = contradiction(store, member, entry.getValue());
        if (!wrong.isEmpty()) {
          return wrong;
        }
      }
    }
    return "";
  }

  private static String contradiction(ChunkStore store, Member member, Model model)
      throws IOException {
    int[] found = contents(store, member);
    int[] last = new int[found.length]; // last write that touched a sector, counted from 1
    for (int w = 0; w < model.since.size(); w++) {
      for (int i = model.since.get(w).from(); i < model.since.get(w).to(); i++) {
        last[i] = w + 1;
      }
    }
    for (int i = 0; i < found.length; i++) {
      boolean fine = found[i] == model.durable[i];
      for (int w = 0; w < last[i] && !fine; w++) {
        Write write = model.since.get(w);
        fine = i >= write.from() && i < write.to() && found[i] == write.version();
      }
      if (!fine) {
        return "sector %d of %s is %d, not %d or %d"
            .formatted(i, member.uid, found[i], model.durable[i], model.current[i]);
      }
    }
    for (int w = 0; w < model.since.size(); w++) {
      Write write = model.since.get(w);
      int here = 0;
      int all = 0;
      for (int i = write.from(); i < write.to(); i++) {
        if (last[i] == w + 1 && model.durable[i] != write.version()) {
          all++;
          here += found[i] == write.version() ? 1 : 0;
        }
      }
      if (here != 0 && here != all && write.version() != 0) {
        return "write %d of %s is there in part: %d of %d sectors"
            .formatted(write.version(), member.uid, here, all);
      }
    }
    return "";
  }

  /** The version in each sector; throws where a sector is of no single version. */
  static int[] contents(ChunkStore store, Member member) throws IOException {
    int[] found = new int[(int) (member.size / SECTOR)];
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    for (long at = 0; at < member.size; at += buffer.capacity()) {
      store.read(member, at, buffer.clear());
      buffer.flip();
      for (int sector = 0; sector < buffer.limit() / SECTOR; sector++) {
        int value = buffer.getInt(sector * SECTOR);
        for (int i = 4; i < SECTOR; i += 4) {
          if (buffer.getInt(sector * SECTOR + i) != value) {
            throw new IOException("sector " + (at / SECTOR + sector) + " is torn");
          }
        }
        found[(int) (at / SECTOR) + sector] = value;
      }
    }
    return found;
  }
}
