// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.iscsi;

import hearth.volume.scsi.LogicalUnit;
import hearth.volume.scsi.Nexus;
import hearth.volume.scsi.Reply;
import hearth.volume.scsi.Sense;
import hearth.volume.scsi.TaskSet;
import hearth.volume.scsi.Throttle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A session in its full feature phase, with its one connection (RFC 7143 11). The reader's thread
 * calls {@link #run}; commands run on the target's executor; a writer's thread sends what they
 * answer, so that neither a slow disk nor a slow initiator holds up the answer to a NOP.
 */
final class Session {
  private static final int WINDOW = 128;
  private static final int MOST_IMMEDIATE = 16;
  private static final Duration DRAIN = Duration.ofSeconds(5);

  private final Wire wire;
  private final Parameters parameters;
  private final Target target;
  private final Nexus nexus;
  private final boolean discovery;
  private final List<String> portals;
  private final Executor executor;
  private final ScheduledExecutorService timer;
  private final BufferPool pool;
  private final AtomicInteger outstanding = new AtomicInteger();
  private final Map<Integer, Command> commands = new ConcurrentHashMap<>();
  private final Map<Integer, Incoming> early = new HashMap<>();
  private final Outbox outbox;
  private final Thread writer =
      Thread.ofPlatform().daemon().name("iscsi-writer").stackSize(STACK).unstarted(this::write);

  /** The command that the reading thread carries out itself, or nothing while it reads. */
  private final AtomicReference<@Nullable Command> alone = new AtomicReference<>();

  /** How long a command may take on the thread that should read. */
  private static final Duration LONG = Duration.ofMillis(20);

  /** How long a read takes at most that need not wait for a disk. */
  private static final Duration SHORT = Duration.ofNanos(100_000);

  private static final int MOST_SHORT_BYTES = 64 << 10;

  /** Reads that are handed on after one that was not short, before another is tried. */
  private static final int READS_TO_HAND_ON = 64;

  /** How many reads are handed on before one is tried again; of the reading thread. */
  private int handOn;

  /** Bytes of stack for threads of a connection. */
  static final long STACK = 256 << 10;

  private volatile long executingSince;
  private volatile @Nullable Thread reader;
  private final Set<Thread> replaced = ConcurrentHashMap.newKeySet();
  private final CountDownLatch over = new CountDownLatch(1);
  private final TaskManagement management;
  private final Object sequence = new Object();
  private int statSn;
  private int expectedCmdSn;
  private int maxCmdSn;
  private int nextTransferTag = 1;
  private volatile boolean closing;
  private volatile long lastHeard = System.nanoTime();
  private volatile boolean pinged;
  private final Instant began;
  private final LongAdder readBytes = new LongAdder();
  private final LongAdder writtenBytes = new LongAdder();
  private final LongAdder commandCount = new LongAdder();
  private final long id;
  private final String address;

  Session(
      long id,
      String address,
      Instant began,
      Wire wire,
      LoginNegotiation login,
      Nexus nexus,
      List<String> portals,
      int statSn,
      int expectedCmdSn,
      Executor executor,
      ScheduledExecutorService timer,
      BufferPool pool) {
    this.wire = wire;
    this.outbox = new Outbox(wire);
    this.id = id;
    this.address = address;
    this.began = began;
    this.parameters = login.parameters();
    this.target = login.target();
    this.discovery = login.discovery();
    this.nexus = nexus;
    this.portals = portals;
    this.management =
        new TaskManagement(target.unit(), nexus, tag -> Optional.ofNullable(commands.get(tag)));
    this.statSn = statSn;
    this.expectedCmdSn = expectedCmdSn;
    this.maxCmdSn = expectedCmdSn + WINDOW - 1;
    this.executor = executor;
    this.timer = timer;
    this.pool = pool;
  }

  long id() {
    return id;
  }

  /** What can be told of the session. */
  SessionInfo info() {
    return new SessionInfo(
        id,
        nexus.initiator(),
        nexus.isid(),
        address,
        began,
        readBytes.sum(),
        writtenBytes.sum(),
        commandCount.sum(),
        parameters.headerDigest(),
        parameters.dataDigest());
  }

  Target target() {
    return target;
  }

  Nexus nexus() {
    return nexus;
  }

  boolean discovery() {
    return discovery;
  }

  /** A PDU that came before an older one. */
  private record Incoming(Bhs header, ByteBuffer data) {}

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** A SCSI command in hand. */
  private final class Command extends TaskSet.Task {
    final Bhs request;
    final int tag;
    final int wanted;
    final long offered;
    final int reserved;
    final long notBefore;
    long began;
    volatile @Nullable Thread executing;
    @Nullable ByteBuffer dataOut;
    int received;
    int burstEnd;
    int transferTag = Bhs.NO_TAG;
    int nextDataSn;
    int r2tSn;

    Command(Bhs request, int wanted, long offered, int reserved, long notBefore) {
      super(nexus, attribute(request.flags() & 7));
      this.request = request;
      this.tag = request.initiatorTaskTag();
      this.wanted = wanted;
      this.offered = offered;
      this.reserved = reserved;
      this.notBefore = notBefore;
      this.dataOut = wanted == 0 ? null : pool.take(wanted);
    }

    Session session() {
      return Session.this;
    }

    boolean isShortRead() {
      return switch (request.cdb()[0] & 0xFF) {
        case 0x08, 0x28, 0xA8, 0x88 ->
            (request.flags() & 0x20) == 0 && reserved <= MOST_SHORT_BYTES;
        default -> false;
      };
    }

    @Override
    protected void start() {
      if (!executeOnReader(this)) {
        executor.execute(this::execute);
      }
    }

    private void execute() {
      Reply reply;
      try {
        ByteBuffer data =
            dataOut == null ? NOTHING : dataOut.duplicate().position(0).limit(received);
        reply = target.unit().execute(nexus, request.cdb(), data, offered, pool::take);
      } catch (RuntimeException | OutOfMemoryError e) {
        Log.LOG.error("A SCSI command failed unexpectedly on {}", target.iqn(), e);
        reply = target.unit().checkCondition(Sense.INTERNAL_FAILURE);
      }
      if (reply.later() == null) {
        finish(this, reply);
      } else {
        target.unit().tasks().park(this);
        var _ = reply.later().thenAccept(last -> finish(this, last));
      }
    }

    @Override
    protected void discard() {
      free(this, null);
    }
  }

  private boolean owns(TaskSet.Task task) {
    return task instanceof Command command && command.session().equals(this);
  }

  private static TaskSet.Attribute attribute(int code) {
    return switch (code) {
      case 2 -> TaskSet.Attribute.ORDERED;
      case 3 -> TaskSet.Attribute.HEAD_OF_QUEUE;
      default -> TaskSet.Attribute.SIMPLE;
    };
  }

  /** Reads and answers until the connection ends. */
  void run() {
    wire.beforeWaiting(this::drain);
    writer.start();
    if (!discovery) {
      target.unit().attach(nexus);
    }
    reader = Thread.currentThread();
    read();
    try {
      over.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Carries a command out on the thread that read it, if it is the only one, or one of many short
   * reads of what is in memory: handing it on and back takes longer than doing it. The answer goes
   * out before the thread waits for the initiator, together with those of the commands that had
   * come by then. Should it take long, {@link #relieveReader} lets another thread read on; and
   * where reads wait for a disk, most are handed on, so that they wait side by side.
   *
   * @return whether that was done
   */
  private boolean executeOnReader(Command command) {
    Thread current = Thread.currentThread();
    if (!current.equals(reader) || !early.isEmpty()) {
      return false;
    }
    boolean many = outstanding.get() > 1;
    if (command.isShortRead()) {
      if (many && handOn > 0) {
        handOn--;
        return false;
      }
    } else if (many) {
      return false;
    } else {
      drain(); // answers of reads must not wait for what may take long
    }
    command.executing = current;
    long began = System.nanoTime();
    executingSince = began;
    alone.set(command);
    command.execute();
    boolean slow = System.nanoTime() - began > SHORT.toNanos();
    if (slow) {
      handOn = READS_TO_HAND_ON;
    }
    boolean relieved = !alone.compareAndSet(command, null);
    if (relieved) {
      replaced.add(current);
    }
    if (relieved || slow || outbox.isLarge()) {
      drain();
    }
    return true;
  }

  private void drain() {
    try {
      outbox.drain();
    } catch (IOException e) {
      drop();
    }
  }

  /** Lets another thread read if the one that should has been executing a command for long. */
  void relieveReader() {
    Command command = alone.get();
    if (command != null
        && System.nanoTime() - executingSince > LONG.toNanos()
        && alone.compareAndSet(command, null)) {
      Thread next = Thread.ofPlatform().daemon().name("iscsi-connection").unstarted(this::read);
      reader = next;
      next.start();
    }
  }

  private boolean isExecutedHere() {
    Command command = alone.get();
    return command != null && Thread.currentThread().equals(command.executing);
  }

  private boolean isReplaced() {
    return !replaced.isEmpty() && replaced.contains(Thread.currentThread());
  }

  private void read() {
    try {
      while (!closing && !isReplaced()) {
        outbox.awaitRoom();
        Bhs header = wire.readHeader();
        lastHeard = System.nanoTime();
        pinged = false;
        receive(header);
      }
    } catch (ProtocolException e) {
      Log.LOG.info(
          "Connection of {} to {} dropped: {}", nexus.initiator(), target.iqn(), e.getMessage());
    } catch (IOException e) {
      // The initiator went away; it may.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (!replaced.remove(Thread.currentThread())) {
        try {
          finishSession();
        } finally {
          over.countDown();
        }
      }
    }
  }

  private void finishSession() {
    TaskSet tasks = target.unit().tasks();
    if (!discovery) {
      var _ = tasks.abort(this::owns);
      target.unit().detach(nexus);
      target.unit().settle();
    }
    outbox.end();
    try {
      if (!closing || !writer.join(DRAIN)) {
        wire.close();
      }
      writer.join();
      wire.close();
    } catch (IOException e) {
      // It is closed all the same.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the connection now; the reader's thread cleans up. */
  void drop() {
    closing = true;
    try {
      wire.close();
    } catch (IOException e) {
      // It is closed all the same.
    }
  }

  /** Tells the initiator that the connection will be dropped, and drops it (RFC 7143 11.9). */
  void dismiss(int secondsToWait) {
    Bhs message = Bhs.of(Bhs.ASYNC_MESSAGE, Bhs.FINAL).initiatorTaskTag(Bhs.NO_TAG);
    message.set(36, 3).set16(40, secondsToWait).set16(42, 0);
    CompletableFuture<Void> sent = new CompletableFuture<>();
    sendWithStatus(message, NOTHING, () -> sent.complete(null));
    sent.completeOnTimeout(null, 1, TimeUnit.SECONDS).thenRun(this::drop).join();
  }

  /**
   * Asks an initiator that has been silent whether it is still there, and drops it if it is not.
   */
  void ping(Duration silence) {
    long silent = System.nanoTime() - lastHeard;
    if (pinged && silent > 2 * silence.toNanos()) {
      drop();
    } else if (!pinged && silent > silence.toNanos() && !discovery) {
      pinged = true;
      Bhs nop = Bhs.of(Bhs.NOP_IN, Bhs.FINAL).initiatorTaskTag(Bhs.NO_TAG).set32(20, 0x7FFFFFFF);
      send(nop, NOTHING, () -> {}, false);
    }
  }

  // Sending

  private void write() {
    try {
      outbox.write();
    } catch (IOException e) {
      drop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sendWithStatus(Bhs header, ByteBuffer data, Runnable sent) {
    send(header, data, sent, true);
  }

  private void send(Bhs header, ByteBuffer data, Runnable sent, boolean carriesStatus) {
    synchronized (sequence) {
      header.set32(24, statSn);
      if (carriesStatus) {
        statSn++;
      }
      stamp(header);
      outbox.add(header, data, sent, isExecutedHere());
    }
  }

  /** Fills in the command window; it never shrinks from its upper end. */
  private void stamp(Bhs header) {
    int max = expectedCmdSn + Math.max(0, WINDOW - outstanding.get()) - 1;
    if (max - maxCmdSn > 0) {
      maxCmdSn = max;
    }
    header.set32(28, expectedCmdSn).set32(32, maxCmdSn);
  }

  private void reject(Bhs header, int reason) {
    Bhs reject = Bhs.of(Bhs.REJECT, Bhs.FINAL).set(2, reason).initiatorTaskTag(Bhs.NO_TAG);
    sendWithStatus(reject, ByteBuffer.wrap(header.array().clone()), () -> {});
  }

  // Receiving

  private void receive(Bhs header) throws IOException {
    if (header.dataLength() > Parameters.MAX_RECV_DATA_SEGMENT_LENGTH) {
      throw new ProtocolException("a data segment of " + header.dataLength() + " bytes");
    }
    if (header.opcode() == Bhs.DATA_OUT) {
      dataOut(header);
      return;
    }
    ByteBuffer data = ByteBuffer.allocate(header.dataLength());
    if (!wire.readData(data)) {
      reject(header, 0x02);
      return;
    }
    data.flip();
    switch (header.opcode()) {
      case Bhs.NOP_OUT, Bhs.SCSI_COMMAND, Bhs.TASK_MANAGEMENT, Bhs.TEXT, Bhs.LOGOUT ->
          sequenced(header, data);
      case Bhs.LOGIN -> throw new ProtocolException("a login request after login");
      default -> reject(header, 0x05);
    }
  }

  /**
   * Puts commands in the order of their numbers (RFC 7143 4.2.2.1); those outside the window
   * vanish.
   */
  private void sequenced(Bhs header, ByteBuffer data) throws IOException {
    if (header.immediate()) {
      process(header, data);
      return;
    }
    int number = header.int32(24);
    synchronized (sequence) {
      if (number - expectedCmdSn < 0 || number - maxCmdSn > 0) {
        return;
      }
      if (number != expectedCmdSn) {
        early.put(number, new Incoming(header, data));
        return;
      }
      expectedCmdSn++;
    }
    process(header, data);
    while (!isReplaced() && !early.isEmpty()) {
      Incoming next;
      synchronized (sequence) {
        next = early.remove(expectedCmdSn);
        if (next == null) {
          return;
        }
        expectedCmdSn++;
      }
      process(next.header(), next.data());
    }
  }

  private void process(Bhs header, ByteBuffer data) throws IOException {
    switch (header.opcode()) {
      case Bhs.NOP_OUT -> nopOut(header, data);
      case Bhs.TEXT -> text(header, data);
      case Bhs.LOGOUT -> logout(header);
      case Bhs.SCSI_COMMAND, Bhs.TASK_MANAGEMENT -> {
        if (discovery) {
          reject(header, 0x04);
        } else if (header.opcode() == Bhs.SCSI_COMMAND) {
          command(header, data);
        } else {
          manage(header);
        }
      }
      default -> throw new IllegalStateException("opcode: " + header.opcode());
    }
  }

  private void nopOut(Bhs header, ByteBuffer data) {
    if (header.initiatorTaskTag() == Bhs.NO_TAG) {
      return; // the answer to our own, or not meant to be answered
    }
    int length = Math.min(data.remaining(), parameters.initiatorMaxRecvDataSegmentLength());
    Bhs answer = Bhs.of(Bhs.NOP_IN, Bhs.FINAL).initiatorTaskTag(header.initiatorTaskTag());
    answer.set32(20, Bhs.NO_TAG).set64(8, header.lun());
    sendWithStatus(answer, data.limit(length), () -> {});
  }

  private void text(Bhs header, ByteBuffer data) throws IOException {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    if ((header.flags() & 0x40) != 0 || header.int32(20) != Bhs.NO_TAG) {
      reject(header, 0x05); // one request holds all that we understand
      return;
    }
    String wanted = TextKeys.parse(bytes).get("SendTargets");
    boolean shown =
        wanted != null
            && (wanted.equals("All")
                || wanted.equals(target.iqn())
                || (wanted.isEmpty() && !discovery));
    if (!shown) {
      reject(header, 0x04);
      return;
    }
    StringBuilder answers = new StringBuilder("TargetName=" + target.iqn() + '\0');
    for (int i = 0; i < portals.size(); i++) {
      answers.append("TargetAddress=" + portals.get(i) + "," + (i + 1) + '\0');
    }
    Bhs answer = Bhs.of(Bhs.TEXT_RESPONSE, Bhs.FINAL).initiatorTaskTag(header.initiatorTaskTag());
    answer.set32(20, Bhs.NO_TAG);
    sendWithStatus(
        answer, ByteBuffer.wrap(answers.toString().getBytes(StandardCharsets.UTF_8)), () -> {});
  }

  private void logout(Bhs header) {
    Bhs answer = Bhs.of(Bhs.LOGOUT_RESPONSE, Bhs.FINAL).initiatorTaskTag(header.initiatorTaskTag());
    int reason = header.flags() & 0x7F;
    if (reason == 2) {
      sendWithStatus(answer.set(2, 2), NOTHING, () -> {}); // no connection recovery
      return;
    }
    target.unit().tasks().abort(this::owns).join();
    if (!discovery) {
      target.unit().settle();
    }
    closing = true;
    sendWithStatus(answer.set16(40, 2), NOTHING, () -> {});
  }

  // SCSI

  private void command(Bhs header, ByteBuffer immediate) throws IOException {
    boolean writes = (header.flags() & 0x20) != 0;
    long offered = writes ? Integer.toUnsignedLong(header.int32(20)) : 0;
    long expected = Integer.toUnsignedLong(header.int32(20));
    if (commands.containsKey(header.initiatorTaskTag())) {
      reject(header, 0x07); // task in progress
      return;
    }
    if (!isUnitZero(header.lun())) {
      answer(header, LogicalUnit.noSuchUnit(header.cdb(), target.unit().identity()));
      return;
    }
    int wanted = (int) Math.min(offered, LogicalUnit.dataOutLength(header.cdb()));
    int reserved = (int) Math.min(expected, 32 << 20) + 4096;
    boolean tooMany =
        header.immediate()
            ? outstanding.get() >= WINDOW + MOST_IMMEDIATE
            : outstanding.get() >= 2 * WINDOW;
    long now = System.nanoTime();
    long wait =
        tooMany || !LogicalUnit.isLimited(header.cdb())
            ? 0
            : target.unit().throttle().admit(expected, now);
    if (tooMany || wait == Throttle.REFUSED || !pool.reserve(reserved)) {
      answer(header, new Reply(Reply.TASK_SET_FULL, null, null, 0));
      return;
    }
    Command command = new Command(header, wanted, offered, reserved, now + wait);
    commandCount.increment();
    outstanding.incrementAndGet();
    commands.put(command.tag, command);
    target.unit().tasks().add(command);
    boolean unsolicitedFollows = writes && !header.isFinal();
    if ((immediate.hasRemaining() && (!parameters.immediateData() || !writes))
        || (unsolicitedFollows && parameters.initialR2t())) {
      fail(command, Sense.UNEXPECTED_UNSOLICITED_DATA);
      return;
    }
    if (immediate.remaining() > Math.min(offered, parameters.firstBurstLength())) {
      fail(command, Sense.UNEXPECTED_UNSOLICITED_DATA);
      return;
    }
    store(command, 0, immediate);
    writtenBytes.add(immediate.remaining());
    if (unsolicitedFollows) {
      command.transferTag = Bhs.NO_TAG;
      command.burstEnd = (int) Math.min(offered, parameters.firstBurstLength());
      command.received = immediate.limit();
      command.nextDataSn = 0;
      return;
    }
    command.received = immediate.limit();
    solicit(command);
  }

  /** Keeps the part of a data segment that the command wants. */
  private static void store(Command command, int offset, ByteBuffer data) {
    ByteBuffer buffer = command.dataOut;
    if (buffer != null && offset < command.wanted && data.hasRemaining()) {
      int count = Math.min(data.remaining(), command.wanted - offset);
      buffer.put(offset, data, data.position(), count);
    }
  }

  /** Asks for the next part of the data, or starts the command if it has all that it wants. */
  private void solicit(Command command) {
    if (command.received >= command.wanted) {
      command.received = command.wanted;
      command.transferTag = 0;
      command.burstEnd = 0;
      ready(command);
      return;
    }
    int length = Math.min(command.wanted - command.received, parameters.maxBurstLength());
    command.transferTag = nextTransferTag;
    nextTransferTag = nextTransferTag == 0x7FFFFFFE ? 1 : nextTransferTag + 1;
    command.burstEnd = command.received + length;
    command.nextDataSn = 0;
    Bhs r2t = Bhs.of(Bhs.R2T, Bhs.FINAL).initiatorTaskTag(command.tag);
    r2t.set64(8, command.request.lun())
        .set32(20, command.transferTag)
        .set32(36, command.r2tSn++)
        .set32(40, command.received)
        .set32(44, length);
    send(r2t, NOTHING, () -> {}, false);
  }

  /** Starts a command as soon as the limits of its unit allow. */
  private void ready(Command command) {
    command.began = System.nanoTime();
    long wait = command.notBefore - command.began;
    if (wait <= 0) {
      target.unit().tasks().ready(command);
    } else {
      var _ =
          timer.schedule(() -> target.unit().tasks().ready(command), wait, TimeUnit.NANOSECONDS);
    }
  }

  private void dataOut(Bhs header) throws IOException {
    Command command = commands.get(header.initiatorTaskTag());
    int length = header.dataLength();
    ByteBuffer data = pool.take(length);
    try {
      boolean intact = wire.readData(data);
      data.flip();
      if (command == null || command.burstEnd == 0) {
        return; // of a command that has ended or failed meanwhile
      }
      if (!intact) {
        reject(header, 0x02);
        fail(command, Sense.CRC_ERROR);
        return;
      }
      if (header.int32(20) != command.transferTag
          || header.int32(36) != command.nextDataSn
          || header.int32(40) != command.received
          || command.received + length > command.burstEnd) {
        fail(command, Sense.DATA_OFFSET_ERROR);
        return;
      }
      store(command, command.received, data);
      writtenBytes.add(length);
      command.received += length;
      command.nextDataSn++;
      if (header.isFinal()) {
        if (command.transferTag != Bhs.NO_TAG && command.received != command.burstEnd) {
          fail(command, Sense.NOT_ENOUGH_UNSOLICITED_DATA);
        } else {
          solicit(command);
        }
      }
    } finally {
      pool.give(data);
    }
  }

  /** Ends a command whose data came wrong; the rest of it is read and forgotten. */
  private void fail(Command command, Sense sense) {
    command.burstEnd = 0;
    if (target.unit().tasks().finish(command)) {
      respond(command, target.unit().checkCondition(sense));
    }
    target.unit().tasks().settled(command);
  }

  private void finish(Command command, Reply reply) {
    count(command, reply);
    if (target.unit().tasks().finish(command)) {
      respond(command, reply);
    } else {
      free(command, reply.dataIn());
    }
    target.unit().tasks().settled(command);
  }

  private void count(Command command, Reply reply) {
    long bytes = reply.dataIn() == null ? command.wanted : reply.dataIn().remaining();
    target
        .unit()
        .statistics()
        .count(command.request.cdb(), System.nanoTime() - command.began, bytes);
  }

  private void free(Command command, @Nullable ByteBuffer dataIn) {
    if (commands.remove(command.tag, command)) {
      outstanding.decrementAndGet();
      pool.unreserve(command.reserved);
      ByteBuffer dataOut = command.dataOut;
      command.dataOut = null;
      if (dataOut != null) {
        pool.give(dataOut);
      }
      if (dataIn != null) {
        pool.give(dataIn);
      }
    }
  }

  private void respond(Command command, Reply reply) {
    // The tag is free for the initiator as soon as it sees the status; our hold on memory ends with
    // sending.
    commands.remove(command.tag, command);
    outstanding.decrementAndGet();
    ByteBuffer dataOut = command.dataOut;
    command.dataOut = null;
    if (dataOut != null) {
      pool.give(dataOut);
    }
    Runnable sent =
        () -> {
          pool.unreserve(command.reserved);
          if (reply.dataIn() != null) {
            pool.give(reply.dataIn());
          }
        };
    answer(command.request, reply, sent);
  }

  private void answer(Bhs request, Reply reply) {
    answer(request, reply, () -> {});
  }

  private void answer(Bhs request, Reply reply, Runnable sent) {
    synchronized (sequence) {
      for (ScsiAnswer.Pdu pdu : ScsiAnswer.of(request, reply, parameters)) {
        if (pdu.header().opcode() == Bhs.DATA_IN) {
          readBytes.add(pdu.data().remaining());
        }
        send(pdu.header(), pdu.data(), pdu.carriesStatus() ? sent : () -> {}, pdu.carriesStatus());
      }
    }
  }

  /** Unit 0 by peripheral or flat addressing (SAM-5 4.7). */
  private static boolean isUnitZero(long lun) {
    return lun == 0 || lun == 0x4000L << 48;
  }

  private void manage(Bhs header) {
    management
        .handle(header, isUnitZero(header.lun()))
        .thenAccept(response -> {
          Bhs answer = Bhs.of(Bhs.TASK_MANAGEMENT_RESPONSE, Bhs.FINAL).set(2, response);
          sendWithStatus(answer.initiatorTaskTag(header.initiatorTaskTag()), NOTHING, () -> {});
        });
  }

  /** What went unexpectedly wrong, for the host's log. */
  private static final class Log {
    static final org.slf4j.Logger LOG = org.slf4j.LoggerFactory.getLogger(Session.class);
  }
}
