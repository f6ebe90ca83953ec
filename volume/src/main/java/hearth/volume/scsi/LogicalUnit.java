// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;

/**
 * A disk: logical unit 0 of a target. Commands of any nexus may run on any threads at once; those
 * that must see the medium still (COMPARE AND WRITE, ORWRITE) exclude the others.
 */
public final class LogicalUnit {
  /** Bytes of a logical block. */
  public static final int BLOCK = 512;

  private static final int MOST_ATTENTIONS = 8;

  private final Identity identity;
  private final Traits traits;
  private final UnitMemory memory;
  private final BlockCommands medium;
  private final Sanitizer sanitizer;
  private final Removal removal = new Removal();
  private volatile Set<String> readers = Set.of();
  private final Throttle throttle = new Throttle();
  private final Statistics statistics = new Statistics();
  private final TaskSet tasks = new TaskSet();
  private final ModePages modes = new ModePages();
  private final Reservations reservations;
  private final ExtendedCopy copies;
  private static final String RESERVATION = "reservation ";
  private static final String SANITIZE = "sanitize ";
  private String remembered;
  private final Map<Nexus, Deque<Sense>> attentions = new ConcurrentHashMap<>();

  /**
   * Makes a disk of a volume, as it was when the host stopped.
   *
   * @param memory what it must not forget; the unit is the only one to use it
   * @throws IOException if it cannot be told what it was
   */
  public LogicalUnit(Identity identity, VolumeData data, Traits traits, UnitMemory memory)
      throws IOException {
    this(identity, data, traits, memory, memory.load());
  }

  /** Makes a disk of a volume that forgets with the program. */
  public LogicalUnit(Identity identity, VolumeData data, Traits traits) {
    this(identity, data, traits, UnitMemory.NONE, "");
  }

  private LogicalUnit(
      Identity identity, VolumeData data, Traits traits, UnitMemory memory, String remembered) {
    this.identity = identity;
    this.traits = traits;
    this.memory = memory;
    this.medium = new BlockCommands(data, traits.blocksInPhysical());
    this.sanitizer = new Sanitizer(medium, this::remember);
    this.copies = new ExtendedCopy(identity);
    this.reservations =
        new Reservations(
            this::post,
            nexus -> {
              var _ = tasks.abort(task -> task.nexus().equals(nexus));
            });
    this.remembered = remembered;
    remembered
        .lines()
        .filter(line -> line.startsWith(RESERVATION))
        .forEach(line -> reservations.restore(line.substring(RESERVATION.length())));
    remembered
        .lines()
        .filter(line -> line.startsWith(SANITIZE))
        .forEach(line -> sanitizer.resume(line.substring(SANITIZE.length())));
  }

  /** Keeps through a restart what must be kept. */
  private void remember() {
    StringBuilder text = new StringBuilder();
    synchronized (this) {
      reservations.text().forEach(line -> text.append(RESERVATION).append(line).append('\n'));
      if (!sanitizer.text().isEmpty()) {
        text.append(SANITIZE).append(sanitizer.text()).append('\n');
      }
      try {
        if (!text.toString().equals(remembered)) {
          memory.save(text.toString());
          remembered = text.toString();
        }
      } catch (IOException e) {
        throw new UncheckedIOException("a unit cannot keep what it must remember", e);
      }
    }
  }

  /**
   * Ends what the unit does by itself, so that its volume can be closed. An erasure goes on when a
   * unit is made of the volume again.
   */
  public void close() {
    sanitizer.stop(Duration.ofSeconds(10));
  }

  /** The commands in hand. */
  public TaskSet tasks() {
    return tasks;
  }

  /** What the unit may do; changed while it is in use. */
  public Throttle throttle() {
    return throttle;
  }

  /** Names of the initiators that may only read; changed while it is in use. */
  public void readers(Set<String> names) {
    readers = names;
  }

  /** How long its commands took. */
  public Statistics statistics() {
    return statistics;
  }

  /** Whether the limits count a command. */
  public static boolean isLimited(byte[] cdb) {
    return Statistics.kind(cdb) != Statistics.Kind.OTHER
        || Operation.of(cdb).filter(operation -> operation == Operation.EXTENDED_COPY).isPresent();
  }

  /** What tells the unit from others. */
  public Identity identity() {
    return identity;
  }

  /** A session began. */
  public synchronized void attach(Nexus nexus) {
    attentions.putIfAbsent(nexus, new ArrayDeque<>());
  }

  /** A session ended: RESERVE(6) is gone with it, persistent registrations stay. */
  public synchronized void detach(Nexus nexus) {
    reservations.releaseLegacy(nexus);
    copies.forget(nexus);
    removal.forget(nexus);
    if (!reservations.isRegistered(nexus)) {
      attentions.remove(nexus);
    }
  }

  /**
   * Makes durable what initiators wrote, though none asked: for when one goes, since people take
   * what a program had written when it ended for written.
   */
  public void settle() {
    if (sanitizer.isRunning()) {
      return;
    }
    try {
      medium.flush();
    } catch (IOException e) {
      // Nobody asked. The engine tells the administrator, and the next flush fails as well.
    }
  }

  /** Tells every initiator that the volume became larger. */
  public synchronized void announceGrowth() {
    attentions.keySet().forEach(nexus -> post(nexus, Sense.CAPACITY_CHANGED));
  }

  /** LOGICAL UNIT RESET (SAM-5 6.3.3), after its commands were aborted. */
  public synchronized void reset() {
    reservations.resetLegacy();
    removal.reset();
    for (Nexus nexus : attentions.keySet()) {
      post(nexus, Sense.UNIT_RESET);
    }
  }

  /** Tells every initiator that the pool below the volume is getting full (SBC-3 4.7.3.7). */
  public synchronized void announceThreshold() {
    attentions.keySet().forEach(nexus -> post(nexus, Sense.THIN_THRESHOLD_REACHED));
  }

  private synchronized void post(Nexus nexus, Sense sense) {
    Deque<Sense> pending = attentions.computeIfAbsent(nexus, ignored -> new ArrayDeque<>());
    if (!pending.contains(sense) && pending.size() < MOST_ATTENTIONS) {
      pending.add(sense);
    }
  }

  private synchronized Optional<Sense> takeAttention(Nexus nexus) {
    Deque<Sense> pending = attentions.get(nexus);
    return pending == null ? Optional.empty() : Optional.ofNullable(pending.poll());
  }

  /**
   * Bytes that a command wants from the initiator by its CDB.
   *
   * @param cdb 16 bytes, zeros behind a shorter CDB
   */
  public static long dataOutLength(byte[] cdb) {
    Cdb fields = new Cdb(cdb);
    return Operation.of(cdb).map(operation -> dataOutLength(operation, fields)).orElse(0L);
  }

  private static long dataOutLength(Operation operation, Cdb cdb) {
    return switch (operation) {
      case WRITE_10,
          WRITE_12,
          WRITE_16,
          ORWRITE_16,
          WRITE_AND_VERIFY_10,
          WRITE_AND_VERIFY_12,
          WRITE_AND_VERIFY_16 ->
          cdb.blocks() > InquiryPages.MOST_BLOCKS ? 0 : cdb.blocks() * BLOCK;
      case VERIFY_10, VERIFY_12, VERIFY_16 ->
          switch (cdb.at(1) >> 1 & 3) {
            case 1 -> cdb.blocks() > InquiryPages.MOST_BLOCKS ? 0 : cdb.blocks() * BLOCK;
            case 3 -> BLOCK;
            default -> 0;
          };
      case WRITE_ATOMIC_16 -> (long) cdb.int16(12) * BLOCK;
      case WRITE_SAME_10 -> BLOCK;
      case WRITE_SAME_16 -> cdb.bit(1, 0x01) ? 0 : BLOCK;
      case COMPARE_AND_WRITE -> 2L * cdb.at(13) * BLOCK;
      case UNMAP, MODE_SELECT_10, SANITIZE_OVERWRITE -> cdb.int16(7);
      case EXTENDED_COPY ->
          Math.min(cdb.int32(10), ExtendedCopy.HEADER + ExtendedCopy.LONGEST_LIST);
      case MODE_SELECT_6 -> cdb.at(4);
      case REGISTER,
          RESERVE,
          RELEASE,
          CLEAR,
          PREEMPT,
          PREEMPT_AND_ABORT,
          REGISTER_AND_IGNORE_EXISTING_KEY ->
          Math.min(cdb.int32(5), 4096);
      default -> 0;
    };
  }

  /**
   * Carries a command out.
   *
   * @param cdb 16 bytes, zeros behind a shorter CDB
   * @param dataOut what the initiator sent, at most {@link #dataOutLength}
   * @param offered bytes that the initiator meant to send
   * @param buffers makes buffers for data read; the transport frees the one in the reply
   */
  public Reply execute(
      Nexus nexus, byte[] cdb, ByteBuffer dataOut, long offered, IntFunction<ByteBuffer> buffers) {
    try {
      Optional<Operation> operation = Operation.of(cdb).filter(this::has);
      if (operation.isEmpty()) {
        throw new ScsiException(
            knowsOpcode(cdb[0] & 0xFF) ? Sense.INVALID_FIELD_IN_CDB : Sense.INVALID_OPCODE);
      }
      return execute(nexus, operation.get(), new Cdb(cdb), dataOut, offered, buffers);
    } catch (ScsiException e) {
      return checkCondition(e.sense());
    }
  }

  private boolean has(Operation operation) {
    return traits.allow(operation)
        && (operation != Operation.WRITE_ATOMIC_16
            || InquiryPages.mostAtomicBlocks(medium.atomicBytes()) > 0);
  }

  private boolean knowsOpcode(int opcode) {
    return Arrays.stream(Operation.values())
        .anyMatch(operation -> operation.opcode() == opcode && has(operation));
  }

  /** CHECK CONDITION with this sense, in the format that the control page asks for. */
  public Reply checkCondition(Sense sense) {
    boolean descriptorFormat;
    synchronized (this) {
      descriptorFormat = modes.descriptorSense();
    }
    return new Reply(Reply.CHECK_CONDITION, null, sense.encode(descriptorFormat), 0);
  }

  /** The answer for a logical unit that the target does not have. */
  public static Reply noSuchUnit(byte[] cdb, Identity identity) {
    Cdb fields = new Cdb(cdb);
    if (fields.at(0) == Operation.INQUIRY.opcode() && !fields.bit(1, 0x01)) {
      byte[] data = InquiryPages.standard(identity, Traits.DISK);
      data[0] = 0x7F;
      return Reply.data(data, fields.int16(3));
    }
    return new Reply(Reply.CHECK_CONDITION, null, Sense.NO_SUCH_UNIT.encode(false), 0);
  }

  private Reply execute(
      Nexus nexus,
      Operation operation,
      Cdb cdb,
      ByteBuffer dataOut,
      long offered,
      IntFunction<ByteBuffer> buffers)
      throws ScsiException {
    boolean writeProtected;
    synchronized (this) {
      if (operation == Operation.REQUEST_SENSE) {
        Sense sense = takeAttention(nexus).or(sanitizer::obstacle).orElse(Sense.NONE);
        return Reply.data(sense.encode(cdb.bit(1, 0x01)), cdb.at(4));
      }
      if (operation != Operation.INQUIRY && operation != Operation.REPORT_LUNS) {
        Optional<Sense> attention = takeAttention(nexus);
        if (attention.isPresent()) {
          throw new ScsiException(attention.get());
        }
      }
      if (reservations.conflicts(nexus, operation, cdb)) {
        return Reply.conflict();
      }
      if (!worksWithoutMedium(operation)) {
        Optional<Sense> obstacle = sanitizer.obstacle();
        if (obstacle.isPresent() && !(isSanitize(operation) && !sanitizer.isRunning())) {
          throw new ScsiException(obstacle.get());
        }
      }
      boolean readOnly = traits.readOnly() || readers.contains(nexus.initiator());
      writeProtected = readOnly || modes.softwareWriteProtect();
      Optional<Reply> reply = control(nexus, operation, cdb, dataOut, writeProtected);
      if (reply.isPresent()) {
        return reply.get();
      }
      if (removal.ejected()) {
        throw new ScsiException(Sense.NO_MEDIUM);
      }
      if (writeProtected && writesMedium(operation)) {
        throw new ScsiException(readOnly ? Sense.WRITE_PROTECTED : Sense.SOFTWARE_WRITE_PROTECTED);
      }
      if (isSanitize(operation)) {
        return sanitize(operation, cdb, dataOut);
      }
    }
    try {
      if (operation == Operation.EXTENDED_COPY) {
        return copies.copy(nexus, cdb, dataOut, medium);
      }
      return medium.execute(operation, cdb, dataOut, offered, buffers);
    } catch (VolumeData.NoSpaceException e) {
      throw new ScsiException(Sense.SPACE_ALLOCATION_FAILED);
    } catch (IOException e) {
      throw new ScsiException(
          operation.access() == Operation.Access.WRITES
              ? Sense.MEDIUM_WRITE_ERROR
              : Sense.MEDIUM_READ_ERROR);
    }
  }

  /** What is answered even while the medium is being erased (SBC-3 4.11.2). */
  private static boolean worksWithoutMedium(Operation operation) {
    return switch (operation) {
      case INQUIRY,
          REPORT_LUNS,
          REPORT_TARGET_PORT_GROUPS,
          REPORT_SUPPORTED_OPERATION_CODES,
          REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS,
          READ_CAPACITY_10,
          READ_CAPACITY_16,
          READ_KEYS,
          READ_RESERVATION,
          REPORT_CAPABILITIES,
          READ_FULL_STATUS ->
          true;
      default -> false;
    };
  }

  private static boolean isSanitize(Operation operation) {
    return operation.opcode() == Operation.SANITIZE_OVERWRITE.opcode();
  }

  private Reply sanitize(Operation operation, Cdb cdb, ByteBuffer dataOut) throws ScsiException {
    if (medium.isShared()) {
      // What snapshots and clones hold would stay, and whoever asks means everything.
      throw new ScsiException(Sense.COMMAND_SEQUENCE);
    }
    CompletableFuture<Reply> done = sanitizer.begin(operation, cdb, dataOut);
    boolean immediate = cdb.bit(1, 0x80);
    return immediate || done.isDone() ? Reply.good() : Reply.later(done);
  }

  private static boolean writesMedium(Operation operation) {
    return operation.access() == Operation.Access.WRITES
        && operation != Operation.SYNCHRONIZE_CACHE_10
        && operation != Operation.SYNCHRONIZE_CACHE_16;
  }

  /** The commands that do not touch the medium; runs under the unit's lock. */
  private Optional<Reply> control(
      Nexus nexus, Operation operation, Cdb cdb, ByteBuffer dataOut, boolean writeProtected)
      throws ScsiException {
    return Optional.ofNullable(
        switch (operation) {
          case TEST_UNIT_READY -> {
            if (removal.ejected()) {
              throw new ScsiException(Sense.NO_MEDIUM);
            }
            yield Reply.good();
          }
          case INQUIRY -> inquiry(nexus, cdb);
          case REPORT_LUNS -> PrimaryCommands.reportLuns(cdb);
          case REPORT_TARGET_PORT_GROUPS -> PrimaryCommands.reportTargetPortGroups(cdb, identity);
          case REPORT_SUPPORTED_OPERATION_CODES -> PrimaryCommands.reportOperations(cdb, this::has);
          case REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS ->
              PrimaryCommands.reportTaskManagement(cdb);
          case MODE_SENSE_6 ->
              Reply.data(modes.sense(cdb, false, writeProtected, medium.blocks()), cdb.at(4));
          case MODE_SENSE_10 ->
              Reply.data(modes.sense(cdb, true, writeProtected, medium.blocks()), cdb.int16(7));
          case MODE_SELECT_6 -> modeSelect(nexus, cdb, false, dataOut);
          case MODE_SELECT_10 -> modeSelect(nexus, cdb, true, dataOut);
          case RESERVE_6 -> reservations.reserveLegacy(nexus) ? Reply.good() : Reply.conflict();
          case RELEASE_6 -> {
            reservations.releaseLegacy(nexus);
            yield Reply.good();
          }
          case READ_KEYS -> Reply.data(reservations.readKeys(), cdb.int16(7));
          case READ_RESERVATION -> Reply.data(reservations.readReservation(), cdb.int16(7));
          case REPORT_CAPABILITIES -> Reply.data(reservations.reportCapabilities(), cdb.int16(7));
          case READ_FULL_STATUS -> Reply.data(reservations.readFullStatus(), cdb.int16(7));
          case REGISTER,
              RESERVE,
              RELEASE,
              CLEAR,
              PREEMPT,
              PREEMPT_AND_ABORT,
              REGISTER_AND_IGNORE_EXISTING_KEY -> {
            Reply reply = reservations.out(nexus, operation, cdb, dataOut);
            remember();
            yield reply;
          }
          case COPY_STATUS -> copies.status(nexus, cdb);
          case COPY_OPERATING_PARAMETERS -> ExtendedCopy.parameters(cdb);
          case START_STOP_UNIT -> startStop(nexus, cdb);
          case PREVENT_ALLOW_MEDIUM_REMOVAL -> {
            if (traits.removable()) {
              removal.prevent(nexus, cdb.bit(4, 0x01));
            }
            yield Reply.good();
          }
          default -> null;
        });
  }

  private Reply inquiry(Nexus nexus, Cdb cdb) throws ScsiException {
    int allocation = cdb.int16(3);
    if (cdb.bit(1, 0x01)) {
      byte[] page =
          InquiryPages.vitalProductData(
                  cdb.at(2), identity, nexus.port(), traits, medium.atomicBytes())
              .orElseThrow(() -> new ScsiException(Sense.INVALID_FIELD_IN_CDB));
      return Reply.data(page, allocation);
    }
    if (cdb.at(2) != 0) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    return Reply.data(InquiryPages.standard(identity, traits), allocation);
  }

  private Reply modeSelect(Nexus nexus, Cdb cdb, boolean ten, ByteBuffer dataOut)
      throws ScsiException {
    if (modes.select(cdb, ten, dataOut)) {
      for (Nexus other : attentions.keySet()) {
        if (!other.equals(nexus)) {
          post(other, Sense.MODE_CHANGED);
        }
      }
    }
    return Reply.wrote(dataOut.remaining());
  }

  /**
   * START STOP UNIT (SBC-3 5.25): a volume has no motor, so that only ejecting, loading, and the
   * flush that goes before a stop mean anything; power conditions are taken and forgotten.
   */
  private Reply startStop(Nexus nexus, Cdb cdb) throws ScsiException {
    boolean powerCondition = cdb.at(4) >> 4 != 0;
    boolean moves = cdb.bit(4, 0x02) && !powerCondition;
    boolean start = cdb.bit(4, 0x01);
    if (moves && !traits.removable()) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    if (!start && !cdb.bit(4, 0x04)) {
      try {
        medium.flush();
      } catch (IOException e) {
        throw new ScsiException(Sense.MEDIUM_WRITE_ERROR);
      }
    }
    if (moves && removal.move(start)) {
      for (Nexus other : attentions.keySet()) {
        if (!other.equals(nexus)) {
          post(other, Sense.MEDIUM_MAY_HAVE_CHANGED);
        }
      }
    }
    return Reply.good();
  }
}
