// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

/** Kinds of types, in the order and with the names of Go's package reflect. */
public enum Kind {
  INVALID(0, "invalid"),
  BOOL(1, "bool"),
  INT(2, "int"),
  INT8(3, "int8"),
  INT16(4, "int16"),
  INT32(5, "int32"),
  INT64(6, "int64"),
  UINT(7, "uint"),
  UINT8(8, "uint8"),
  UINT16(9, "uint16"),
  UINT32(10, "uint32"),
  UINT64(11, "uint64"),
  UINTPTR(12, "uintptr"),
  FLOAT32(13, "float32"),
  FLOAT64(14, "float64"),
  COMPLEX64(15, "complex64"),
  COMPLEX128(16, "complex128"),
  ARRAY(17, "array"),
  CHAN(18, "chan"),
  FUNC(19, "func"),
  INTERFACE(20, "interface"),
  MAP(21, "map"),
  POINTER(22, "ptr"),
  SLICE(23, "slice"),
  STRING(24, "string"),
  STRUCT(25, "struct"),
  UNSAFE_POINTER(26, "unsafe.Pointer");

  private final int number;
  private final String text;

  Kind(int number, String text) {
    this.number = number;
    this.text = text;
  }

  /** The number that Go gives it. */
  public int number() {
    return number;
  }

  /** Name in Go. */
  public String text() {
    return text;
  }

  /** The kind with a number of reflect's; its bits above the fifth are flags. */
  static Kind of(long number) {
    int plain = (int) (number & 31);
    return plain < values().length ? values()[plain] : INVALID;
  }

  /** Name of the family: all signed integers are {@code int}, all others {@code uint}. */
  public String family() {
    return isSigned() ? INT.text : isUnsigned() ? UINT.text : text;
  }

  /** Whether it is a signed integer. */
  public boolean isSigned() {
    return compareTo(INT) >= 0 && compareTo(INT64) <= 0;
  }

  /** Whether it is an unsigned integer. */
  public boolean isUnsigned() {
    return compareTo(UINT) >= 0 && compareTo(UINTPTR) <= 0;
  }

  /** Whether it is an integer. */
  public boolean isInteger() {
    return isSigned() || isUnsigned();
  }

  /** Whether it is a floating-point number. */
  public boolean isFloat() {
    return this == FLOAT32 || this == FLOAT64;
  }

  /** Whether it is a complex number. */
  public boolean isComplex() {
    return this == COMPLEX64 || this == COMPLEX128;
  }
}
