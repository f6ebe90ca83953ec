// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a process's debug registers hold: at most four places of memory (Intel SDM volume 3, section
 * 18.2). All threads of a process have the same; each is given them when it is stopped.
 */
final class DebugRegisters {
  /** Number of the register that tells which watch a thread ran into. */
  static final int STATUS = 6;

  /** Number of the register that switches watches on. */
  static final int CONTROL = 7;

  private static final int SLOTS = 4;
  private final @Nullable Watch[] watches = new Watch[SLOTS];
  private int version;

  /** Changes whenever a watch does. */
  int version() {
    return version;
  }

  boolean isEmpty() {
    return Arrays.stream(watches).allMatch(Objects::isNull);
  }

  /**
   * Adds a watch.
   *
   * @throws UnreadableException if there is no room, or the processor has no such watch
   */
  void add(Watch watch) {
    if (Integer.bitCount(watch.size()) != 1 || watch.size() > 8) {
      throw new UnreadableException("data breakpoint of size " + watch.size() + " not supported");
    }
    for (int i = 0; i < SLOTS; i++) {
      if (watches[i] == null) {
        watches[i] = watch;
        version++;
        return;
      }
    }
    throw new UnreadableException("hardware breakpoints exhausted");
  }

  void remove(Watch watch) {
    for (int i = 0; i < SLOTS; i++) {
      if (watch.equals(watches[i])) {
        watches[i] = null;
        version++;
        return;
      }
    }
  }

  void clear() {
    Arrays.fill(watches, null);
    version++;
  }

  /** Address of a slot, 0 to 3; 0 for one that is not used. */
  long address(int slot) {
    Watch watch = watches[slot];
    return watch == null ? 0 : watch.address();
  }

  /** What the control register must hold. */
  long control() {
    long control = 0;
    for (int i = 0; i < SLOTS; i++) {
      Watch watch = watches[i];
      if (watch != null) {
        long length = watch.size() == 8 ? 2 : watch.size() - 1L;
        long kind = watch.reads() ? 3 : 1;
        control |= 1L << (2 * i);
        control |= (kind | length << 2) << (16 + 4 * i);
      }
    }
    return control;
  }

  /** The watch that the status register tells of, or null. */
  @Nullable Watch hit(long status) {
    for (int i = 0; i < SLOTS; i++) {
      if ((status & (1L << i)) != 0 && watches[i] != null) {
        return watches[i];
      }
    }
    return null;
  }
}
