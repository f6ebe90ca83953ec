// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

/** A thread of a target. Registers can be asked for while it is stopped. */
public interface TargetThread {
  /** The kernel's number of it. */
  int id();

  /** The kernel's number of its process. */
  int process();

  /** Its registers; what is changed in them counts once it runs again. */
  Registers registers();

  /** Tells that registers were changed. */
  void registersChanged();

  /** State of floating point and vector registers as FXSAVE has it, 512 bytes. */
  byte[] floatingPoint();

  /** Sets the state that {@link #floatingPoint} gives. */
  void setFloatingPoint(byte[] fxsave);
}
