// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The commands that the unit knows, with the CDB usage data that REPORT SUPPORTED OPERATION CODES
 * (SPC-4 6.35) tells: a 1 bit wherever the unit looks at the bit.
 */
enum Operation {
  TEST_UNIT_READY(Access.ALWAYS, "000000000000"),
  REQUEST_SENSE(Access.ALWAYS, "030100 00FF00"),
  READ_6(Access.READS, "081FFFFFFF00"),
  INQUIRY(Access.ALWAYS, "1201FFFFFF00"),
  MODE_SELECT_6(Access.WRITES, "151100 00FF00"),
  RESERVE_6(Access.ALWAYS, "160000000000"),
  RELEASE_6(Access.ALWAYS, "170000000000"),
  MODE_SENSE_6(Access.READS, "1A08FFFFFF00"),
  START_STOP_UNIT(Access.WRITES, "1B010000F700"),
  PREVENT_ALLOW_MEDIUM_REMOVAL(Access.ALWAYS, "1E0000000300"),
  READ_CAPACITY_10(Access.ALWAYS, "2500FFFFFFFF0000 0100"),
  READ_10(Access.READS, "28F8FFFFFFFF3FFFFF00"),
  WRITE_10(Access.WRITES, "2AF8FFFFFFFF3FFFFF00"),
  WRITE_AND_VERIFY_10(Access.WRITES, "2EF6FFFFFFFF3FFFFF00"),
  VERIFY_10(Access.READS, "2FF6FFFFFFFF3FFFFF00"),
  PRE_FETCH_10(Access.READS, "3402FFFFFFFF3FFFFF00"),
  SYNCHRONIZE_CACHE_10(Access.WRITES, "3502FFFFFFFF3FFFFF00"),
  READ_DEFECT_DATA_10(Access.READS, "37001F00000000FFFF00"),
  WRITE_SAME_10(Access.WRITES, "41F8FFFFFFFF3FFFFF00"),
  UNMAP(Access.WRITES, "420100000000 3FFFFF00"),
  MODE_SELECT_10(Access.WRITES, "551100000000 00FFFF00"),
  MODE_SENSE_10(Access.READS, "5A18FFFF000000FFFF00"),
  READ_KEYS(Access.ALWAYS, "5E000000000000FFFF00"),
  READ_RESERVATION(Access.ALWAYS, "5E010000000000FFFF00"),
  REPORT_CAPABILITIES(Access.ALWAYS, "5E020000000000FFFF00"),
  READ_FULL_STATUS(Access.ALWAYS, "5E030000000000FFFF00"),
  REGISTER(Access.ALWAYS, "5F00000000FFFFFFFF00"),
  RESERVE(Access.ALWAYS, "5F01FF0000FFFFFFFF00"),
  RELEASE(Access.ALWAYS, "5F02FF0000FFFFFFFF00"),
  CLEAR(Access.ALWAYS, "5F03000000FFFFFFFF00"),
  PREEMPT(Access.ALWAYS, "5F04FF0000FFFFFFFF00"),
  PREEMPT_AND_ABORT(Access.ALWAYS, "5F05FF0000FFFFFFFF00"),
  REGISTER_AND_IGNORE_EXISTING_KEY(Access.ALWAYS, "5F06000000FFFFFFFF00"),
  SANITIZE_OVERWRITE(Access.WRITES, "48A10000000000FFFF00"),
  SANITIZE_BLOCK_ERASE(Access.WRITES, "48A20000000000000000"),
  SANITIZE_CRYPTOGRAPHIC_ERASE(Access.WRITES, "48A30000000000000000"),
  SANITIZE_EXIT_FAILURE_MODE(Access.WRITES, "481F0000000000000000"),
  EXTENDED_COPY(Access.WRITES, "830000000000000000 00FFFFFFFF0000"),
  COPY_STATUS(Access.ALWAYS, "8400FF000000000000 00FFFFFFFF0000"),
  COPY_OPERATING_PARAMETERS(Access.ALWAYS, "840300000000000000 00FFFFFFFF0000"),
  READ_16(Access.READS, "88F8FFFFFFFFFFFFFFFFFFFFFFFF3F00"),
  COMPARE_AND_WRITE(Access.WRITES, "89F8FFFFFFFFFFFFFFFF000000FF3F00"),
  WRITE_16(Access.WRITES, "8AF8FFFFFFFFFFFFFFFFFFFFFFFF3F00"),
  ORWRITE_16(Access.WRITES, "8BF8FFFFFFFFFFFFFFFFFFFFFFFF3F00"),
  WRITE_AND_VERIFY_16(Access.WRITES, "8EF6FFFFFFFFFFFFFFFFFFFFFFFF3F00"),
  VERIFY_16(Access.READS, "8FF6FFFFFFFFFFFFFFFFFFFFFFFF3F00"),
  PRE_FETCH_16(Access.READS, "9002FFFFFFFFFFFFFFFFFFFFFFFF3F00"),
  SYNCHRONIZE_CACHE_16(Access.WRITES, "9102FFFFFFFFFFFFFFFFFFFFFFFF3F00"),
  WRITE_SAME_16(Access.WRITES, "93F9FFFFFFFFFFFFFFFFFFFFFFFF3F00"),
  WRITE_ATOMIC_16(Access.WRITES, "9C18FFFFFFFFFFFFFFFF0000FFFF3F00"),
  READ_CAPACITY_16(Access.ALWAYS, "9E10FFFFFFFFFFFFFFFFFFFFFFFF0100"),
  GET_LBA_STATUS(Access.READS, "9E12FFFFFFFFFFFFFFFFFFFFFFFF0000"),
  REPORT_LUNS(Access.ALWAYS, "A000FF000000FFFFFFFF0000"),
  REPORT_TARGET_PORT_GROUPS(Access.ALWAYS, "A3EA00000000FFFFFFFF0000"),
  REPORT_SUPPORTED_OPERATION_CODES(Access.ALWAYS, "A30C87FFFFFFFFFFFFFF0000"),
  REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS(Access.ALWAYS, "A30D80000000FFFFFFFF0000"),
  READ_12(Access.READS, "A8F8FFFFFFFFFFFFFFFF3F00"),
  WRITE_12(Access.WRITES, "AAF8FFFFFFFFFFFFFFFF3F00"),
  WRITE_AND_VERIFY_12(Access.WRITES, "AEF6FFFFFFFFFFFFFFFF3F00"),
  VERIFY_12(Access.READS, "AFF6FFFFFFFFFFFFFFFF3F00"),
  READ_DEFECT_DATA_12(Access.READS, "B71F FFFFFFFFFFFFFFFF0000");

  /**
   * What a command does to the medium, and so which reservations of others keep it out (SPC-4 table
   * 66).
   */
  enum Access {
    ALWAYS,
    READS,
    WRITES
  }

  private static final Map<Integer, Operation> BY_CODE =
      Stream.of(values()).collect(Collectors.toMap(Operation::code, operation -> operation));

  private final Access access;
  private final byte[] usage;

  Operation(Access access, String usage) {
    this.access = access;
    this.usage = HexFormat.of().parseHex(usage.replace(" ", ""));
  }

  Access access() {
    return access;
  }

  int opcode() {
    return usage[0] & 0xFF;
  }

  boolean hasServiceAction() {
    return hasServiceAction(opcode());
  }

  private static boolean hasServiceAction(int opcode) {
    return switch (opcode) {
      case 0x48, 0x5E, 0x5F, 0x83, 0x84, 0x9E, 0xA3 -> true;
      default -> false;
    };
  }

  int serviceAction() {
    return hasServiceAction() ? usage[1] & 0x1F : 0;
  }

  int cdbLength() {
    return usage.length;
  }

  /** A copy of the CDB usage data. */
  byte[] usage() {
    return usage.clone();
  }

  private int code() {
    return opcode() << 8 | serviceAction();
  }

  /** The command of a CDB, if the unit knows it. */
  static Optional<Operation> of(byte[] cdb) {
    int opcode = cdb[0] & 0xFF;
    int serviceAction = hasServiceAction(opcode) ? cdb[1] & 0x1F : 0;
    return Optional.ofNullable(BY_CODE.get(opcode << 8 | serviceAction));
  }
}
