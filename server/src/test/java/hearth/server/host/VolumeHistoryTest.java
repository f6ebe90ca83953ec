// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.host;

import static org.assertj.core.api.Assertions.assertThat;

import hearth.volume.scsi.Statistics;
import java.util.Map;
import org.junit.jupiter.api.Test;

class VolumeHistoryTest {
  private static Map<String, Map<Statistics.Kind, Statistics.Counts>> counted(
      String name, long reads, long micros, long bytes) {
    return Map.of(
        name,
        Map.of(
            Statistics.Kind.READ,
            new Statistics.Counts(new long[] {reads}, micros, bytes),
            Statistics.Kind.WRITE,
            new Statistics.Counts(new long[] {0}, 0, 0)));
  }

  @Test
  void stepsAreWhatCameSinceTheOneBefore() {
    VolumeHistory history = new VolumeHistory();
    history.step(counted("a", 100, 5000, 1 << 20));
    assertThat(history.of("a")).isEmpty();
    history.step(counted("a", 150, 10_000, 3 << 20));
    history.step(counted("a", 150, 10_000, 3 << 20));
    assertThat(history.of("a"))
        .containsExactly(
            new VolumeHistory.Step(5, 0, (2 << 20) / 10f, 0, 100, 0),
            new VolumeHistory.Step(0, 0, 0, 0, 0, 0));
  }

  @Test
  void aVolumeThatIsServedAnewBeginsAtNothing() {
    VolumeHistory history = new VolumeHistory();
    history.step(counted("a", 100, 5000, 1 << 20));
    history.step(counted("a", 10, 50, 4096));
    assertThat(history.of("a")).containsExactly(new VolumeHistory.Step(0, 0, 0, 0, 0, 0));
  }

  @Test
  void anHourIsKeptAndNothingOfVolumesThatAreGone() {
    VolumeHistory history = new VolumeHistory();
    for (int i = 0; i <= VolumeHistory.STEPS + 5; i++) {
      history.step(counted("a", 10L * i * (i + 1) / 2, 0, 0));
    }
    assertThat(history.of("a")).hasSize(VolumeHistory.STEPS);
    assertThat(history.of("a").getFirst().reads()).isEqualTo(6);
    assertThat(history.of("a").getLast().reads()).isEqualTo(VolumeHistory.STEPS + 5);
    history.step(counted("b", 0, 0, 0));
    assertThat(history.of("a")).isEmpty();
  }
}
