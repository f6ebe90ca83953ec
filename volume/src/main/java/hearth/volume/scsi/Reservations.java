// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reservations of one unit: the old RESERVE(6), and persistent ones (SPC-4 5.12) that last through
 * a restart of the host if they were made so (APTPL). Not safe for several threads; the unit calls
 * it under its own lock.
 */
final class Reservations {
  private static final int WRITE_EXCLUSIVE = 1;
  private static final int EXCLUSIVE_ACCESS = 3;
  private static final int WRITE_EXCLUSIVE_REGISTRANTS_ONLY = 5;
  private static final int EXCLUSIVE_ACCESS_REGISTRANTS_ONLY = 6;
  private static final int WRITE_EXCLUSIVE_ALL_REGISTRANTS = 7;
  private static final int EXCLUSIVE_ACCESS_ALL_REGISTRANTS = 8;
  private static final Set<Integer> TYPES = Set.of(1, 3, 5, 6, 7, 8);
  private static final int MOST_REGISTRATIONS = 1024;

  private final Map<Nexus, Long> registrations = new LinkedHashMap<>();
  private final BiConsumer<Nexus, Sense> attention;
  private final Consumer<Nexus> abortTasks;
  private int generation;
  private @Nullable Nexus legacyHolder;
  private @Nullable Nexus holder;
  private int type;
  private boolean lasting;

  /**
   * Starts without any reservation.
   *
   * @param attention posts a unit attention to a nexus
   * @param abortTasks ends all commands of a nexus without an answer
   */
  Reservations(BiConsumer<Nexus, Sense> attention, Consumer<Nexus> abortTasks) {
    this.attention = attention;
    this.abortTasks = abortTasks;
  }

  /** Whether a command of this nexus meets a reservation of another. */
  boolean conflicts(Nexus nexus, Operation operation, Cdb cdb) {
    if (legacyHolder != null && !legacyHolder.equals(nexus)) {
      return switch (operation) {
        case INQUIRY, REPORT_LUNS, REQUEST_SENSE, RELEASE_6 -> false;
        case PREVENT_ALLOW_MEDIUM_REMOVAL -> cdb.bit(4, 0x01);
        default -> true;
      };
    }
    if (holder == null || isHolder(nexus)) {
      return false;
    }
    if (operation == Operation.RESERVE_6 || operation == Operation.RELEASE_6) {
      return true;
    }
    boolean registered = registrations.containsKey(nexus);
    return switch (operation.access()) {
      case ALWAYS ->
          operation == Operation.PREVENT_ALLOW_MEDIUM_REMOVAL && cdb.bit(4, 0x01) && !registered;
      case READS ->
          switch (type) {
            case EXCLUSIVE_ACCESS -> true;
            case EXCLUSIVE_ACCESS_REGISTRANTS_ONLY, EXCLUSIVE_ACCESS_ALL_REGISTRANTS -> !registered;
            default -> false;
          };
      case WRITES ->
          switch (type) {
            case WRITE_EXCLUSIVE, EXCLUSIVE_ACCESS -> true;
            default -> !registered;
          };
    };
  }

  boolean reserveLegacy(Nexus nexus) {
    if (!registrations.isEmpty()) {
      return false;
    }
    if (legacyHolder == null || legacyHolder.equals(nexus)) {
      legacyHolder = nexus;
      return true;
    }
    return false;
  }

  void releaseLegacy(Nexus nexus) {
    if (nexus.equals(legacyHolder)) {
      legacyHolder = null;
    }
  }

  void resetLegacy() {
    legacyHolder = null;
  }

  boolean isRegistered(Nexus nexus) {
    return registrations.containsKey(nexus);
  }

  private boolean forAllRegistrants() {
    return type == WRITE_EXCLUSIVE_ALL_REGISTRANTS || type == EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
  }

  private boolean isHolder(Nexus nexus) {
    return holder != null
        && (forAllRegistrants() ? registrations.containsKey(nexus) : holder.equals(nexus));
  }

  /** What must be remembered through a restart, a line for each registration; empty if nothing. */
  List<String> text() {
    if (!lasting) {
      return List.of();
    }
    List<String> lines = new ArrayList<>();
    registrations.forEach((nexus, key) ->
        lines.add(
            String.join(
                " ",
                nexus.equals(holder) ? String.valueOf(type) : "0",
                Long.toHexString(key),
                String.valueOf(nexus.port()),
                Long.toHexString(nexus.isid()),
                nexus.initiator())));
    return lines;
  }

  /** Takes in a line of {@link #text}. */
  void restore(String line) {
    String[] words = line.split(" ", 5);
    Nexus nexus =
        new Nexus(words[4], Long.parseUnsignedLong(words[3], 16), Integer.parseInt(words[2]));
    registrations.put(nexus, Long.parseUnsignedLong(words[1], 16));
    int held = Integer.parseInt(words[0]);
    if (held != 0) {
      holder = nexus;
      type = held;
    }
    lasting = true;
  }

  // PERSISTENT RESERVE IN (SPC-4 6.15)

  byte[] readKeys() {
    ByteBuffer out = ByteBuffer.allocate(8 + 8 * registrations.size());
    out.putInt(generation).putInt(8 * registrations.size());
    registrations.values().forEach(out::putLong);
    return out.array();
  }

  byte[] readReservation() {
    if (holder == null) {
      return ByteBuffer.allocate(8).putInt(generation).array();
    }
    long key = forAllRegistrants() ? 0 : Objects.requireNonNullElse(registrations.get(holder), 0L);
    return ByteBuffer.allocate(24)
        .putInt(generation)
        .putInt(16)
        .putLong(key)
        .put(21, (byte) type)
        .array();
  }

  byte[] reportCapabilities() {
    // CRH would let RESERVE(6) live beside registrations; PTPL_C, TMV with the six types, PTPL_A.
    return ByteBuffer.allocate(8)
        .putShort((short) 8)
        .put(2, (byte) 0x01)
        .put(3, (byte) (lasting ? 0x81 : 0x80))
        .put(4, (byte) 0xEA)
        .put(5, (byte) 0x01)
        .array();
  }

  byte[] readFullStatus() {
    List<byte[]> descriptors = new ArrayList<>();
    registrations.forEach((nexus, key) -> {
      byte[] name = (nexus.portName() + "\0").getBytes(StandardCharsets.UTF_8);
      int padded = (name.length + 3) / 4 * 4;
      ByteBuffer descriptor = ByteBuffer.allocate(24 + 4 + padded);
      descriptor.putLong(0, key);
      if (isHolder(nexus)) {
        descriptor.put(12, (byte) 0x01).put(13, (byte) type);
      }
      descriptor.putShort(18, (short) nexus.port()).putInt(20, 4 + padded);
      // TransportID of iSCSI, format 01b: initiator port name (SPC-4 7.6.4.6).
      descriptor.put(24, (byte) 0x45).putShort(26, (short) padded).put(28, name);
      descriptors.add(descriptor.array());
    });
    int length = descriptors.stream().mapToInt(descriptor -> descriptor.length).sum();
    ByteBuffer out = ByteBuffer.allocate(8 + length).putInt(generation).putInt(length);
    descriptors.forEach(out::put);
    return out.array();
  }

  // PERSISTENT RESERVE OUT (SPC-4 6.16)

  /** Carries a PERSISTENT RESERVE OUT command out. */
  Reply out(Nexus nexus, Operation operation, Cdb cdb, ByteBuffer parameters) throws ScsiException {
    if (cdb.int32(5) != 24 || parameters.remaining() < 24) {
      throw new ScsiException(Sense.PARAMETER_LIST_LENGTH);
    }
    long key = parameters.getLong(parameters.position());
    long newKey = parameters.getLong(parameters.position() + 8);
    int flags = parameters.get(parameters.position() + 20);
    boolean registers =
        operation == Operation.REGISTER || operation == Operation.REGISTER_AND_IGNORE_EXISTING_KEY;
    // SPEC_I_PT and ALL_TG_PT are not among the capabilities.
    if ((flags & 0x08) != 0 || (registers && (flags & 0x04) != 0)) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_PARAMETERS);
    }
    if (legacyHolder != null) {
      return Reply.conflict();
    }
    Long registered = registrations.get(nexus);
    if (operation == Operation.REGISTER_AND_IGNORE_EXISTING_KEY) {
      lasting = (flags & 0x01) != 0;
      return register(nexus, newKey);
    }
    if (operation == Operation.REGISTER) {
      if (key != (registered == null ? 0 : registered)) {
        return Reply.conflict();
      }
      lasting = (flags & 0x01) != 0;
      return register(nexus, newKey);
    }
    if (registered == null || registered != key) {
      return Reply.conflict();
    }
    return switch (operation) {
      case RESERVE -> reserve(nexus, scopedType(cdb));
      case RELEASE -> release(nexus, cdb);
      case CLEAR -> clear(nexus);
      case PREEMPT -> preempt(nexus, newKey, cdb, false);
      case PREEMPT_AND_ABORT -> preempt(nexus, newKey, cdb, true);
      default -> throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    };
  }

  private static int scopedType(Cdb cdb) throws ScsiException {
    int type = cdb.at(2) & 0x0F;
    if (cdb.at(2) >> 4 != 0 || !TYPES.contains(type)) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    return type;
  }

  private Reply register(Nexus nexus, long newKey) throws ScsiException {
    if (newKey == 0) {
      if (registrations.containsKey(nexus)) {
        unregister(nexus);
        generation++;
      }
      return Reply.good();
    }
    if (!registrations.containsKey(nexus) && registrations.size() >= MOST_REGISTRATIONS) {
      throw new ScsiException(Sense.INSUFFICIENT_REGISTRATIONS);
    }
    registrations.put(nexus, newKey);
    generation++;
    return Reply.good();
  }

  private void unregister(Nexus nexus) {
    boolean held = isHolder(nexus);
    registrations.remove(nexus);
    if (!held) {
      return;
    }
    if (forAllRegistrants() && !registrations.isEmpty()) {
      holder = registrations.keySet().iterator().next();
      return;
    }
    boolean registrantsOnly =
        type == WRITE_EXCLUSIVE_REGISTRANTS_ONLY || type == EXCLUSIVE_ACCESS_REGISTRANTS_ONLY;
    holder = null;
    if (registrantsOnly) {
      registrations.keySet().forEach(other -> attention.accept(other, Sense.RESERVATIONS_RELEASED));
    }
  }

  private Reply reserve(Nexus nexus, int newType) {
    if (holder == null) {
      holder = nexus;
      type = newType;
      return Reply.good();
    }
    return isHolder(nexus) && type == newType ? Reply.good() : Reply.conflict();
  }

  private Reply release(Nexus nexus, Cdb cdb) throws ScsiException {
    if (!isHolder(nexus)) {
      return Reply.good();
    }
    if (cdb.at(2) != type) {
      throw new ScsiException(Sense.INVALID_RELEASE);
    }
    holder = null;
    if (type != WRITE_EXCLUSIVE && type != EXCLUSIVE_ACCESS) {
      tellOthers(nexus, Sense.RESERVATIONS_RELEASED);
    }
    return Reply.good();
  }

  private Reply clear(Nexus nexus) {
    tellOthers(nexus, Sense.RESERVATIONS_PREEMPTED);
    registrations.clear();
    holder = null;
    generation++;
    return Reply.good();
  }

  private void tellOthers(Nexus nexus, Sense sense) {
    for (Nexus other : registrations.keySet()) {
      if (!other.equals(nexus)) {
        attention.accept(other, sense);
      }
    }
  }

  private Reply preempt(Nexus nexus, long victimKey, Cdb cdb, boolean abort) throws ScsiException {
    boolean everybody = holder != null && forAllRegistrants() && victimKey == 0;
    if (victimKey == 0 && !everybody) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_PARAMETERS);
    }
    boolean takesReservation =
        holder != null
            && (everybody
                || (!forAllRegistrants() && Objects.equals(registrations.get(holder), victimKey)));
    int newType = takesReservation ? scopedType(cdb) : type;
    List<Nexus> victims =
        registrations.entrySet().stream()
            .filter(entry -> everybody || entry.getValue() == victimKey)
            .map(Map.Entry::getKey)
            .filter(other -> !other.equals(nexus))
            .toList();
    boolean anybody = everybody || registrations.containsValue(victimKey);
    if (!anybody) {
      return Reply.conflict();
    }
    boolean typeChanges = takesReservation && newType != type;
    if (!takesReservation
        && Objects.equals(registrations.get(nexus), victimKey)
        && victims.isEmpty()) {
      // A nexus that preempts only itself without holding anything loses its registration.
      unregister(nexus);
      generation++;
      return Reply.good();
    }
    for (Nexus victim : victims) {
      registrations.remove(victim);
      attention.accept(victim, Sense.REGISTRATIONS_PREEMPTED);
      if (abort) {
        abortTasks.accept(victim);
      }
    }
    if (takesReservation) {
      holder = nexus;
      type = newType;
      if (typeChanges) {
        tellOthers(nexus, Sense.RESERVATIONS_RELEASED);
      }
    } else if (holder != null && !registrations.containsKey(holder)) {
      holder = registrations.keySet().iterator().next();
    }
    generation++;
    return Reply.good();
  }
}
