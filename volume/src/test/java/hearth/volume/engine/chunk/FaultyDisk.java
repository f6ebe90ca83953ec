// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory on which files keep their names, and which notes every write and sync: from the
 * notes it builds the disks that a crash at any moment could have left. It can also fail a chosen
 * call. Not safe for several threads.
 */
final class FaultyDisk {
  private static final int PAGE = 4096;
  private static final int SECTOR = 512;

  /** What happened to a file; without data it was a sync, and with a length alone a hole. */
  private record Event(String file, long offset, byte[] data, boolean sync, long punched) {}

  /** How a call fails. */
  enum Fault {
    NO_SPACE,
    ERROR
  }

  private final Map<String, Map<Long, byte[]>> files;
  private final Map<String, Long> lengths;
  private final List<Event> events = new ArrayList<>();
  private Runnable duringSync = () -> {};
  private boolean recording;
  private long failAt = -1;
  private Fault fault = Fault.ERROR;
  private long calls;
  private boolean failForGood;

  FaultyDisk() {
    this(new HashMap<>(), new HashMap<>());
  }

  private FaultyDisk(Map<String, Map<Long, byte[]>> files, Map<String, Long> lengths) {
    this.files = files;
    this.lengths = lengths;
  }

  /** An equal disk that goes its own way. */
  FaultyDisk copy() {
    Map<String, Map<Long, byte[]>> copies = new HashMap<>();
    files.forEach((name, pages) -> {
      Map<Long, byte[]> copy = new HashMap<>();
      pages.forEach((at, page) -> copy.put(at, page.clone()));
      copies.put(name, copy);
    });
    return new FaultyDisk(copies, new HashMap<>(lengths));
  }

  /** Does something in the middle of every sync: what it writes may or may not be part of it. */
  void duringSync(Runnable work) {
    duringSync = work;
  }

  /** From now on notes what happens; what is there is durable. */
  void record() {
    recording = true;
    events.clear();
    base = copy();
  }

  private FaultyDisk base = this;

  /** Events noted so far. */
  int now() {
    return events.size();
  }

  /** Calls of write, sync, extend and punch so far. */
  long calls() {
    return calls;
  }

  /** Lets a call fail: the one of this number counted from the first ever. */
  void failAt(long call, Fault how, boolean forGood) {
    failAt = call;
    fault = how;
    failForGood = forGood;
  }

  private void count(String what) throws IOException {
    long call = calls++;
    if (call == failAt || (failForGood && failAt >= 0 && call > failAt)) {
      if (fault == Fault.NO_SPACE && !what.equals("sync")) {
        throw new VolumeData.NoSpaceException("No space left on device (injected)");
      }
      throw new IOException(what + " failed (injected)");
    }
  }

  /**
   * The disk after a crash once so many events had happened: what was synced is there; of the other
   * writes each is there, is not, or is there in part, sector by sector.
   *
   * @param random null for a disk on which nothing unsynced is there
   */
  FaultyDisk crash(int after, @Nullable Random random) {
    FaultyDisk left = base.copy();
    Map<String, Integer> synced = new HashMap<>();
    for (int i = 0; i < after; i++) {
      if (events.get(i).sync()) {
        synced.put(events.get(i).file(), i);
      }
    }
    for (int i = 0; i < after; i++) {
      Event event = events.get(i);
      if (event.sync()) {
        continue;
      }
      boolean durable = i < synced.getOrDefault(event.file(), -1);
      if (event.punched() > 0) {
        if (durable || (random != null && random.nextBoolean())) {
          left.punchPages(event.file(), event.offset(), event.punched());
        }
      } else if (durable) {
        left.store(event.file(), event.offset(), event.data(), 0, event.data().length);
      } else if (random != null) {
        left.storeSome(event, random);
      }
    }
    return left;
  }

  private void storeSome(Event event, Random random) {
    switch (random.nextInt(4)) {
      case 0 -> {
        // lost
      }
      case 1, 2 -> store(event.file(), event.offset(), event.data(), 0, event.data().length);
      default -> {
        for (int at = 0; at < event.data().length; at += SECTOR) {
          if (random.nextBoolean()) {
            store(
                event.file(),
                event.offset(),
                event.data(),
                at,
                Math.min(at + SECTOR, event.data().length));
          }
        }
      }
    }
  }

  private void store(String name, long offset, byte[] data, int from, int to) {
    Map<Long, byte[]> pages = files.computeIfAbsent(name, ignored -> new HashMap<>());
    for (int at = from; at < to; ) {
      long position = offset + at;
      byte[] page = pages.computeIfAbsent(position / PAGE, ignored -> new byte[PAGE]);
      int inPage = (int) (position % PAGE);
      int count = Math.min(PAGE - inPage, to - at);
      System.arraycopy(data, at, page, inPage, count);
      at += count;
    }
    lengths.merge(name, offset + to, Math::max);
  }

  private void punchPages(String name, long offset, long length) {
    Map<Long, byte[]> pages = files.getOrDefault(name, Map.of());
    for (long page = offset / PAGE; page < (offset + length) / PAGE; page++) {
      pages.remove(page);
    }
  }

  private Map<Long, byte[]> pages(String name) {
    return files.computeIfAbsent(name, ignored -> new HashMap<>());
  }

  /** Flips one bit. */
  void flip(String name, long offset, int bit) {
    pages(name).computeIfAbsent(offset / PAGE, ignored -> new byte[PAGE])[(int) (offset % PAGE)] ^=
        (byte) (1 << bit);
  }

  /** Numbers of the blocks of a file that hold anything. */
  List<Long> blocks(String name) {
    return pages(name).keySet().stream().sorted().toList();
  }

  /** Cuts a file off. */
  void truncate(String name, long length) {
    pages(name).keySet().removeIf(page -> page * PAGE >= length);
    lengths.put(name, length);
  }

  /** Lets a file of another disk take the place of one here. */
  void replace(String name, FaultyDisk other) {
    files.put(name, other.copy().pages(name));
  }

  /** The files of a store. */
  StoreFiles files() {
    return new StoreFiles(file("store"), file("log"), file("recent"));
  }

  /** A file of the disk; it is made by the first write. */
  StoreFile file(String name) {
    return new StoreFile() {
      @Override
      public void read(long offset, ByteBuffer destination) {
        Map<Long, byte[]> pages = files.getOrDefault(name, Map.of());
        long position = offset;
        while (destination.hasRemaining()) {
          int inPage = (int) (position % PAGE);
          int count = Math.min(PAGE - inPage, destination.remaining());
          byte[] page = pages.get(position / PAGE);
          destination.put(page == null ? new byte[PAGE] : page, inPage, count);
          position += count;
        }
      }

      @Override
      public void write(long offset, ByteBuffer source) throws IOException {
        count("write");
        byte[] data = new byte[source.remaining()];
        source.get(data);
        store(name, offset, data, 0, data.length);
        if (recording) {
          events.add(new Event(name, offset, data, false, 0));
        }
      }

      @Override
      public void sync() throws IOException {
        count("sync");
        duringSync.run();
        if (recording) {
          events.add(new Event(name, 0, new byte[0], true, 0));
        }
      }

      @Override
      public void extend(long length) throws IOException {
        count("extend");
        lengths.merge(name, length, Math::max);
      }

      @Override
      public void punch(long offset, long length) throws IOException {
        count("punch");
        punchPages(name, offset, length);
        if (recording) {
          events.add(new Event(name, offset, new byte[0], false, length));
        }
      }

      @Override
      public long length() {
        return lengths.getOrDefault(name, 0L);
      }

      @Override
      public void close() {}

      @Override
      public String toString() {
        return name;
      }
    };
  }
}
