// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * SANITIZE (SBC-3 4.11 and 5.31): erases the medium in the background, whatever becomes of the
 * command, the session or the host meanwhile. Every method first overwrites the blocks where they
 * lie: a cryptographic erase too, since the data is not encrypted and nothing less would do what it
 * promises. Overwriting then fills the medium with its pattern, at a measured pace, so that other
 * units go on. Safe for any thread.
 */
final class Sanitizer {
  private static final int PIECE = 1 << 20;
  private static final long BYTES_PER_SECOND = 256L << 20;

  /**
   * What is to be done.
   *
   * @param passes how often the pattern is written; 0 for an erase alone
   * @param invert inverts the pattern with each pass
   * @param forgiving the initiator may leave the state after a failure (AUSE)
   * @param pattern at most a block
   */
  private record Job(int passes, boolean invert, boolean forgiving, byte[] pattern) {
    String text() {
      return passes + " " + invert + " " + forgiving + " " + HexFormat.of().formatHex(pattern);
    }

    static Job parse(String text) {
      String[] words = text.split(" ", 4);
      return new Job(
          Integer.parseInt(words[0]),
          Boolean.parseBoolean(words[1]),
          Boolean.parseBoolean(words[2]),
          HexFormat.of().parseHex(words[3]));
    }
  }

  private final BlockCommands medium;
  private final Runnable changed;
  private volatile @Nullable Job running;
  private volatile @Nullable Job failed;
  private volatile double progress;
  private volatile boolean stopping;
  private @Nullable Thread thread;

  /**
   * Nothing to do at first.
   *
   * @param changed called when {@link #text} says something new, on the thread that erases
   */
  Sanitizer(BlockCommands medium, Runnable changed) {
    this.medium = medium;
    this.changed = changed;
  }

  /** What must be remembered through a restart; empty if nothing. */
  String text() {
    Job job = running;
    return job == null ? "" : job.text();
  }

  /** Goes on with what {@link #text} once said. */
  void resume(String text) {
    start(Job.parse(text));
  }

  /** Why the medium cannot be used at present, if it cannot. */
  Optional<Sense> obstacle() {
    if (running != null) {
      return Optional.of(Sense.SANITIZE_IN_PROGRESS.withProgress(progress));
    }
    return failed == null ? Optional.empty() : Optional.of(Sense.SANITIZE_FAILED);
  }

  /** Whether the medium is being erased. */
  boolean isRunning() {
    return running != null;
  }

  /**
   * Begins what a CDB asks for.
   *
   * @return completes with the answer when all is done
   */
  CompletableFuture<Reply> begin(Operation operation, Cdb cdb, ByteBuffer parameters)
      throws ScsiException {
    if ((cdb.at(1) & 0x40) != 0) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    for (int i = 2; i < 7; i++) {
      if (cdb.at(i) != 0) {
        throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
      }
    }
    boolean forgiving = cdb.bit(1, 0x20);
    int length = cdb.int16(7);
    if (operation == Operation.SANITIZE_OVERWRITE) {
      return start(overwrite(length, parameters, forgiving));
    }
    if (length != 0) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    if (operation == Operation.SANITIZE_EXIT_FAILURE_MODE) {
      Job job = failed;
      if (job != null && !job.forgiving()) {
        throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
      }
      failed = null;
      return CompletableFuture.completedFuture(Reply.good());
    }
    return start(new Job(0, false, forgiving, new byte[0]));
  }

  private static Job overwrite(int length, ByteBuffer parameters, boolean forgiving)
      throws ScsiException {
    if (length < 5 || length > LogicalUnit.BLOCK + 4) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    if (parameters.remaining() < length) {
      throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
    }
    ByteBuffer list = parameters.slice();
    int passes = list.get(0) & 0x1F;
    int patternLength = Short.toUnsignedInt(list.getShort(2));
    if (passes == 0 || patternLength != length - 4) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_PARAMETERS);
    }
    byte[] pattern = new byte[patternLength];
    list.get(4, pattern);
    return new Job(passes, (list.get(0) & 0x80) != 0, forgiving, pattern);
  }

  private CompletableFuture<Reply> start(Job job) {
    CompletableFuture<Reply> done = new CompletableFuture<>();
    failed = null;
    progress = 0;
    running = job;
    thread = Thread.ofPlatform().daemon().name("sanitize").start(() -> run(job, done));
    return done;
  }

  private void run(Job job, CompletableFuture<Reply> done) {
    try {
      changed.run(); // before anything is lost, so that a crash does not leave half of it
      medium.alone(data -> work(job, data));
      running = null;
      changed.run();
      done.complete(Reply.good());
    } catch (IOException | RuntimeException e) {
      if (!stopping) {
        org.slf4j.LoggerFactory.getLogger(Sanitizer.class)
            .error("Erasing a volume failed; it stays unusable until that is asked for again", e);
        failed = job;
        running = null;
        done.complete(
            new Reply(Reply.CHECK_CONDITION, null, Sense.SANITIZE_FAILED.encode(false), 0));
      }
    }
  }

  private void work(Job job, VolumeData data) throws IOException {
    data.erase(() -> stopping);
    ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
    long total = Math.max(1, job.passes() * data.size());
    long done = 0;
    long began = System.nanoTime();
    for (int pass = 0; pass < job.passes(); pass++) {
      boolean inverted = job.invert() && (job.passes() - 1 - pass) % 2 == 1;
      fill(buffer.clear(), job.pattern(), inverted);
      for (long at = 0; at < data.size(); ) {
        int count = (int) Math.min(PIECE, data.size() - at);
        data.write(at, buffer.clear().limit(count));
        at += count;
        done += count;
        progress = (double) done / total;
        pace(began, done);
      }
      data.flush();
    }
  }

  /** The pattern repeats within each block and begins anew with the next (SBC-3 5.31.2). */
  private static void fill(ByteBuffer buffer, byte[] pattern, boolean inverted) {
    while (buffer.hasRemaining()) {
      byte value = pattern[buffer.position() % LogicalUnit.BLOCK % pattern.length];
      buffer.put((byte) (inverted ? ~value : value));
    }
  }

  private void pace(long began, long done) throws IOException {
    if (stopping) {
      throw new java.io.InterruptedIOException("the host stops");
    }
    long ahead =
        began
            + done / BYTES_PER_SECOND * 1_000_000_000
            + done % BYTES_PER_SECOND * 1_000_000_000 / BYTES_PER_SECOND
            - System.nanoTime();
    if (ahead > 0) {
      try {
        TimeUnit.NANOSECONDS.sleep(ahead);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new java.io.InterruptedIOException("the host stops");
      }
    }
  }

  /** Stops for now; what is remembered goes on with the next start. */
  void stop(Duration patience) {
    stopping = true;
    Thread worker = thread;
    if (worker != null) {
      try {
        boolean _ = worker.join(patience);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
