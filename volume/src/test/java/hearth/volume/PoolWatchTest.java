// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PoolWatchTest {
  private final PoolWatch watch = new PoolWatch();

  @Test
  void eachStepWarnsOnceOnTheWayUp() {
    assertThat(watch.look(100, 21)).isFalse();
    assertThat(watch.look(100, 20)).isTrue();
    assertThat(watch.percent()).isEqualTo(80);
    assertThat(watch.look(100, 15)).isFalse();
    assertThat(watch.look(100, 4)).isTrue();
    assertThat(watch.percent()).isEqualTo(95);
    assertThat(watch.look(100, 0)).isFalse();
  }

  @Test
  void goingUpAndDownALittleWarnsOnce() {
    assertThat(watch.look(1000, 100)).isTrue();
    assertThat(watch.look(1000, 105)).isFalse();
    assertThat(watch.look(1000, 100)).isFalse();
    assertThat(watch.look(1000, 150)).isFalse();
    assertThat(watch.percent()).isEqualTo(80);
    assertThat(watch.look(1000, 100)).isTrue();
    assertThat(watch.look(1000, 900)).isFalse();
    assertThat(watch.percent()).isZero();
  }
}
