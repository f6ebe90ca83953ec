// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.goruntime;

/** Kinds of types, in the order and with the names of Go's package reflect. */
public enum Kind {
  INVALID("invalid"),
  BOOL("bool"),
  INT("int"),
  INT8("int8"),
  INT16("int16"),
  INT32("int32"),
  INT64("int64"),
  UINT("uint"),
  UINT8("uint8"),
  UINT16("uint16"),
  UINT32("uint32"),
  UINT64("uint64"),
  UINTPTR("uintptr"),
  FLOAT32("float32"),
  FLOAT64("float64"),
  COMPLEX64("complex64"),
  COMPLEX128("complex128"),
  ARRAY("array"),
  CHAN("chan"),
  FUNC("func"),
  INTERFACE("interface"),
  MAP("map"),
  POINTER("ptr"),
  SLICE("slice"),
  STRING("string"),
  STRUCT("struct"),
  UNSAFE_POINTER("unsafe.Pointer");

  private final String text;

  Kind(String text) {
    this.text = text;
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
