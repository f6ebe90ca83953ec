// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.lvm;

import com.google.gson.JsonObject;
import hearth.volume.engine.Engine;
import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Keeps each volume and each snapshot as a thin logical volume {@code hearth-UID} in a thin pool.
 * Restoring makes a volume {@code hearth-UID.new} first, and then gives it the name of the old one;
 * a crash between the two is mended when the volume is opened.
 */
public final class LvmEngine implements Engine {
  private static final String PREFIX = "hearth-";
  private static final String NEW = ".new";
  private static final String TAG = "hearth";
  private static final String SNAPSHOT_TAG = "hearth-snapshot";
  private static final String SIZE_TAG = "hearth-size=";
  private static final Pattern UID = Pattern.compile("[0-9a-f]{32}");

  private final String group;
  private final String pool;
  private final ThinSpace space;
  private final Map<String, LvmVolume> open = new ConcurrentHashMap<>();

  /** Uses a thin pool, which must be there and active. */
  public LvmEngine(String group, String pool) {
    this.group = group;
    this.pool = pool;
    this.space =
        new ThinSpace(() -> {
          for (LvmVolume volume : open.values()) {
            volume.flush();
          }
          return reading();
        });
  }

  /** Asks the kernel and not LVM, which looks at every disk first. */
  private ThinSpace.Reading reading() throws IOException {
    List<String> status = Lvm.pool("status", group, pool);
    if (status.size() < 4 || status.get(1).equals("Fail")) {
      throw new IOException("the thin pool " + full(pool) + " has failed");
    }
    String[] metadata = status.get(2).split("/", -1);
    String[] data = status.get(3).split("/", -1);
    long chunk = 512 * Long.parseLong(Lvm.pool("table", group, pool).get(3));
    long total = Long.parseLong(data[1]);
    return new ThinSpace.Reading(
        chunk * total,
        chunk * (total - Long.parseLong(data[0])),
        100.0 * Long.parseLong(metadata[0]) / Long.parseLong(metadata[1]),
        chunk);
  }

  @Override
  public Space space() throws IOException {
    ThinSpace.Reading reading = reading();
    return new Space(reading.capacity(), reading.free());
  }

  private Optional<JsonObject> one(String fields, String name) throws IOException {
    return Lvm.report("lvs", fields, List.of("--all", "--select", "lv_name=" + name, group))
        .stream()
        .findFirst();
  }

  private boolean exists(String name) throws IOException {
    return one("lv_name", name).isPresent();
  }

  private static String name(String uid) {
    if (!UID.matcher(uid).matches()) {
      throw new IllegalArgumentException("uid: " + uid + " (expected: 32 hexadecimal digits)");
    }
    return PREFIX + uid;
  }

  private String full(String name) {
    return group + "/" + name;
  }

  @Override
  public void create(String uid, long sizeBytes) throws IOException {
    if (exists(name(uid))) {
      throw new FileAlreadyExistsException(full(name(uid)));
    }
    requireRoom();
    String _ =
        Lvm.run(
            List.of(
                "lvcreate",
                "--yes",
                "--type",
                "thin",
                "--virtualsize",
                sizeBytes + "b",
                "--thinpool",
                pool,
                "--name",
                name(uid),
                "--addtag",
                TAG,
                "--addtag",
                SIZE_TAG + sizeBytes,
                group));
  }

  private void requireRoom() throws IOException {
    ThinSpace.Reading reading = reading();
    if (reading.free() < reading.reserve() || reading.metadataPercent() > 95) {
      throw new VolumeData.NoSpaceException("the thin pool " + full(pool) + " is almost full");
    }
  }

  @Override
  public VolumeData open(String uid) throws IOException {
    String name = name(uid);
    finishRestore(name);
    JsonObject row =
        one("lv_tags", name)
            .orElseThrow(() ->
                new NoSuchFileException(
                    full(name), null, "the logical volume is not there; was it deleted?"));
    Set<String> tags = Set.of(row.get("lv_tags").getAsString().split(",", -1));
    long size = size(name, tags);
    String _ =
        Lvm.run(List.of("lvchange", "--activate", "y", "--ignoreactivationskip", full(name)));
    LvmVolume volume =
        new LvmVolume(
            Path.of("/dev", group, name),
            size,
            tags.contains(SNAPSHOT_TAG),
            reading().chunk(),
            space,
            new Owner(uid));
    open.put(uid, volume);
    return volume;
  }

  private static long size(String name, Set<String> tags) throws IOException {
    return tags.stream()
        .filter(tag -> tag.startsWith(SIZE_TAG))
        .mapToLong(tag -> Long.parseLong(tag.substring(SIZE_TAG.length())))
        .findFirst()
        .orElseThrow(() -> new IOException(name + " has lost its tag " + SIZE_TAG + "BYTES"));
  }

  /** A crash may have come between making what is restored and giving it its name. */
  private void finishRestore(String name) throws IOException {
    if (exists(name + NEW)) {
      if (exists(name)) {
        remove(name + NEW);
      } else {
        rename(name + NEW, name);
      }
    }
  }

  private void remove(String name) throws IOException {
    String _ = Lvm.run(List.of("lvremove", "--force", "--yes", full(name)));
  }

  private void rename(String from, String to) throws IOException {
    String _ = Lvm.run(List.of("lvrename", "--yes", group, from, to));
  }

  @Override
  public void delete(String uid) throws IOException {
    for (String name : List.of(name(uid) + NEW, name(uid))) {
      if (exists(name)) {
        remove(name);
      }
    }
  }

  @Override
  public Set<String> list() throws IOException {
    Set<String> uids = new HashSet<>();
    for (JsonObject row : Lvm.report("lvs", "lv_name,pool_lv", List.of(group))) {
      String name = row.get("lv_name").getAsString();
      String uid = name.substring(Math.min(PREFIX.length(), name.length())).replace(NEW, "");
      if (name.startsWith(PREFIX)
          && UID.matcher(uid).matches()
          && row.get("pool_lv").getAsString().equals(pool)) {
        uids.add(uid);
      }
    }
    return uids;
  }

  @Override
  public void snapshot(String volume, String snapshot) throws IOException {
    LvmVolume source = open.get(volume);
    if (source == null) {
      clone(name(volume), name(snapshot), true);
    } else {
      source.quiet(() -> clone(name(volume), name(snapshot), true));
    }
  }

  @Override
  public void copy(String snapshot, String volume) throws IOException {
    clone(name(snapshot), name(volume), false);
  }

  private void clone(String from, String to, boolean asSnapshot) throws IOException {
    if (exists(to)) {
      throw new FileAlreadyExistsException(full(to));
    }
    JsonObject row =
        one("lv_tags", from)
            .orElseThrow(
                () -> new NoSuchFileException(full(from), null, "the logical volume is not there"));
    long size = size(from, Set.of(row.get("lv_tags").getAsString().split(",", -1)));
    requireRoom();
    List<String> command =
        new ArrayList<>(
            List.of(
                "lvcreate",
                "--yes",
                "--snapshot",
                "--setactivationskip",
                "n",
                "--name",
                to,
                "--addtag",
                TAG,
                "--addtag",
                SIZE_TAG + size));
    if (asSnapshot) {
      command.addAll(List.of("--addtag", SNAPSHOT_TAG));
    }
    command.add(full(from));
    String _ = Lvm.run(command);
  }

  @Override
  public void restore(String volume, String snapshot) throws IOException {
    String name = name(volume);
    JsonObject row =
        one("lv_tags", name)
            .orElseThrow(
                () -> new NoSuchFileException(full(name), null, "the logical volume is not there"));
    long before = size(name, Set.of(row.get("lv_tags").getAsString().split(",", -1)));
    if (exists(name + NEW)) {
      remove(name + NEW);
    }
    clone(name(snapshot), name + NEW, false);
    resize(name + NEW, before);
    LvmVolume target = open.get(volume);
    LvmVolume.Change exchange =
        () -> {
          remove(name);
          rename(name + NEW, name);
        };
    if (target == null) {
      exchange.run();
    } else {
      target.exchange(exchange, Math.max(before, target.size()));
    }
  }

  /** Makes a logical volume larger, if it is smaller, and notes its size. */
  private void resize(String name, long size) throws IOException {
    JsonObject row =
        one("lv_size,lv_tags", name)
            .orElseThrow(
                () -> new NoSuchFileException(full(name), null, "the logical volume is not there"));
    if (row.get("lv_size").getAsLong() < size) {
      String _ = Lvm.run(List.of("lvextend", "--size", size + "b", full(name)));
    }
    long before = size(name, Set.of(row.get("lv_tags").getAsString().split(",", -1)));
    if (before < size) {
      String _ =
          Lvm.run(
              List.of(
                  "lvchange",
                  "--deltag",
                  SIZE_TAG + before,
                  "--addtag",
                  SIZE_TAG + size,
                  full(name)));
    }
  }

  @Override
  public boolean hasSnapshots() {
    return true;
  }

  private final class Owner implements LvmVolume.Owner {
    private final String uid;

    Owner(String uid) {
      this.uid = uid;
    }

    @Override
    public long usedBytes() throws IOException {
      return 512 * Long.parseLong(Lvm.mapped("status", group, name(uid)).get(1));
    }

    @Override
    public void grow(long sizeBytes) throws IOException {
      resize(name(uid), sizeBytes);
    }

    @Override
    public boolean hasRelatives() throws IOException {
      String origin =
          one("origin", name(uid)).map(row -> row.get("origin").getAsString()).orElse("");
      return !origin.isEmpty()
          || !Lvm.report("lvs", "lv_name", List.of("--select", "origin=" + name(uid), group))
              .isEmpty();
    }

    @Override
    public void closed() {
      open.remove(uid);
    }
  }
}
