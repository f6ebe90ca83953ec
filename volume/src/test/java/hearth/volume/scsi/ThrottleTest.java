// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ThrottleTest {
  private static final long SECOND = 1_000_000_000L;

  private final Throttle throttle = new Throttle();

  @Test
  void withoutLimitsNothingWaits() {
    assertThat(throttle.admit(1L << 40, 5)).isZero();
  }

  @Test
  void commandsComeAtTheRateOnceTheBurstIsUsedUp() {
    throttle.limit(new Limits(100, 50, 0, 0));
    long now = -7; // the system's clock may begin anywhere
    for (int i = 0; i < 50; i++) {
      assertThat(throttle.admit(4096, now)).as("command " + i).isZero();
    }
    assertThat(throttle.admit(4096, now)).isEqualTo(SECOND / 100);
    assertThat(throttle.admit(4096, now)).isEqualTo(2 * SECOND / 100);
    // After a quiet second the bucket is full again.
    now += 2 * SECOND;
    for (int i = 0; i < 50; i++) {
      assertThat(throttle.admit(4096, now)).as("command " + i).isZero();
    }
    assertThat(throttle.admit(4096, now)).isPositive();
  }

  @Test
  void bytesComeAtTheRate() {
    throttle.limit(new Limits(0, 0, 10 << 20, 1 << 20));
    assertThat(throttle.admit(1 << 20, 0)).isZero();
    assertThat(throttle.admit(10 << 20, 0)).isEqualTo(SECOND);
    assertThat(throttle.admit(1 << 20, SECOND)).isEqualTo(SECOND / 10);
  }

  @Test
  void whatWouldWaitTooLongIsRefusedAndCostsNothing() {
    throttle.limit(new Limits(0, 0, 1 << 20, 0));
    assertThat(throttle.admit(14 << 20, 0)).isLessThan(15 * SECOND).isPositive();
    assertThat(throttle.admit(4 << 20, 0)).isEqualTo(Throttle.REFUSED);
    assertThat(throttle.admit(1 << 19, 0)).isPositive();
  }

  @Test
  void limitsChangeAtOnce() {
    throttle.limit(new Limits(10, 1, 0, 0));
    assertThat(throttle.admit(0, 0)).isZero();
    assertThat(throttle.admit(0, 0)).isPositive();
    throttle.limit(Limits.NONE);
    assertThat(throttle.admit(0, 0)).isZero();
  }
}
