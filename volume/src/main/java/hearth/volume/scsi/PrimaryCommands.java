// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Commands of SPC-4 that tell what unit and target are and can do. */
final class PrimaryCommands {
  private static final int TIMEOUTS = 12;

  private PrimaryCommands() {}

  /** REPORT LUNS (SPC-4 6.33): one unit, and no well-known ones. */
  static Reply reportLuns(Cdb cdb) throws ScsiException {
    int select = cdb.at(2);
    long allocation = cdb.int32(6);
    if (select > 2 || allocation < 16) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    int units = select == 1 ? 0 : 1;
    return Reply.data(ByteBuffer.allocate(8 + 8 * units).putInt(8 * units).array(), allocation);
  }

  /** REPORT TARGET PORT GROUPS (SPC-4 6.37): one group with all ports, active and optimised. */
  static Reply reportTargetPortGroups(Cdb cdb, Identity identity) throws ScsiException {
    int format = cdb.at(1) >> 5;
    if (format > 1) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    int header = format == 1 ? 8 : 4;
    ByteBuffer out = ByteBuffer.allocate(header + 8 + 4 * identity.ports());
    out.putInt(out.capacity() - 4);
    if (format == 1) {
      out.put(4, (byte) 0x10);
    }
    out.put(header, (byte) 0x00) // active/optimised
        .put(header + 1, (byte) 0x01) // that state is supported
        .putShort(header + 2, (short) 1)
        .put(header + 7, (byte) identity.ports());
    for (int port = 1; port <= identity.ports(); port++) {
      out.putShort(header + 6 + 4 * port, (short) port);
    }
    return Reply.data(out.array(), cdb.int32(6));
  }

  /** REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-4 6.36). */
  static Reply reportTaskManagement(Cdb cdb) throws ScsiException {
    if (cdb.int32(6) < 4) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB);
    }
    boolean extended = cdb.bit(2, 0x80);
    // ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET, TARGET RESET
    ByteBuffer out = ByteBuffer.allocate(extended ? 16 : 4).put(0, (byte) 0xDA);
    if (extended) {
      out.put(3, (byte) 12);
    }
    return Reply.data(out.array(), cdb.int32(6));
  }

  /** REPORT SUPPORTED OPERATION CODES (SPC-4 6.35). */
  static Reply reportOperations(Cdb cdb, Predicate<Operation> has) throws ScsiException {
    boolean timeouts = cdb.bit(2, 0x80);
    int options = cdb.at(2) & 0x07;
    return Reply.data(
        switch (options) {
          case 0 -> all(timeouts, has);
          case 1, 2, 3 -> one(cdb, options, timeouts, has);
          default -> throw new ScsiException(Sense.INVALID_FIELD_IN_CDB.withField(2));
        },
        cdb.int32(6));
  }

  private static byte[] all(boolean timeouts, Predicate<Operation> has) {
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    for (Operation operation : Operation.values()) {
      if (!has.test(operation)) {
        continue;
      }
      int flags = (timeouts ? 0x02 : 0) | (operation.hasServiceAction() ? 0x01 : 0);
      list.writeBytes(
          ByteBuffer.allocate(8)
              .put(0, (byte) operation.opcode())
              .putShort(2, (short) operation.serviceAction())
              .put(5, (byte) flags)
              .putShort(6, (short) operation.cdbLength())
              .array());
      if (timeouts) {
        list.writeBytes(timeoutDescriptor());
      }
    }
    return ByteBuffer.allocate(4 + list.size()).putInt(list.size()).put(list.toByteArray()).array();
  }

  private static byte[] one(Cdb cdb, int options, boolean timeouts, Predicate<Operation> has)
      throws ScsiException {
    int opcode = cdb.at(3);
    int serviceAction = cdb.int16(4);
    byte[] probe = new byte[16];
    probe[0] = (byte) opcode;
    List<Operation> known =
        Arrays.stream(Operation.values())
            .filter(operation -> operation.opcode() == opcode && has.test(operation))
            .toList();
    boolean hasServiceActions = known.stream().anyMatch(Operation::hasServiceAction);
    if (!known.isEmpty()
        && ((options == 1 && hasServiceActions) || (options == 2 && !hasServiceActions))) {
      throw new ScsiException(Sense.INVALID_FIELD_IN_CDB.withField(2));
    }
    if (hasServiceActions) {
      probe[1] = (byte) serviceAction;
    }
    boolean askable =
        serviceAction <= 0x1F && (options != 3 || hasServiceActions || serviceAction == 0);
    Optional<Operation> operation = askable ? Operation.of(probe).filter(has) : Optional.empty();
    if (operation.isEmpty()) {
      return new byte[] {0, 0x01, 0, 0};
    }
    byte[] usage = operation.get().usage();
    ByteBuffer out = ByteBuffer.allocate(4 + usage.length + (timeouts ? TIMEOUTS : 0));
    out.put(1, (byte) (0x03 | (timeouts ? 0x80 : 0)))
        .putShort(2, (short) usage.length)
        .put(4, usage);
    if (timeouts) {
      out.put(4 + usage.length, timeoutDescriptor());
    }
    return out.array();
  }

  private static byte[] timeoutDescriptor() {
    return ByteBuffer.allocate(TIMEOUTS).putShort((short) (TIMEOUTS - 2)).array();
  }
}
