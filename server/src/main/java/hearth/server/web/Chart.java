// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.web;

import hearth.server.host.VolumeHistory;
import hearth.server.host.VolumeHistory.Step;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;

/**
 * Two lines over the last hour, drawn by the server: as points for an SVG 360 wide and 100 high,
 * and in words for who does not see it.
 *
 * @param title what is shown
 * @param top the highest value, which both lines are scaled to
 * @param reads points of the first line
 * @param writes points of the second
 * @param words what the lines end at, and their highest values
 */
public record Chart(String title, String top, String reads, String writes, String words) {
  private static final int HEIGHT = 100;

  /** Charts of a volume's commands, bytes and times; none before two steps are over. */
  static List<Chart> of(List<Step> steps) {
    if (steps.size() < 2) {
      return List.of();
    }
    return List.of(
        chart("Commands in a second", steps, Step::reads, Step::writes, Chart::number),
        chart(
            "Bytes in a second",
            steps,
            Step::readBytes,
            Step::writtenBytes,
            bytes -> hearth.kit.unit.ByteSize.format((long) bytes)),
        chart(
            "Mean time of a command",
            steps,
            Step::readMicros,
            Step::writeMicros,
            micros -> micros >= 1000 ? number(micros / 1000) + " ms" : number(micros) + " µs"));
  }

  private static Chart chart(
      String title,
      List<Step> steps,
      ToDoubleFunction<Step> reads,
      ToDoubleFunction<Step> writes,
      DoubleFunction<String> format) {
    double mostReads = steps.stream().mapToDouble(reads).max().orElse(0);
    double mostWrites = steps.stream().mapToDouble(writes).max().orElse(0);
    double top = Math.max(mostReads, mostWrites);
    Step last = steps.getLast();
    return new Chart(
        title,
        format.apply(top),
        points(steps, reads, top),
        points(steps, writes, top),
        "Reads now "
            + format.apply(reads.applyAsDouble(last))
            + ", at most "
            + format.apply(mostReads)
            + "; writes now "
            + format.apply(writes.applyAsDouble(last))
            + ", at most "
            + format.apply(mostWrites));
  }

  /** The newest step is at the right edge, an hour ago at the left. */
  private static String points(List<Step> steps, ToDoubleFunction<Step> value, double top) {
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < steps.size(); i++) {
      double share = top == 0 ? 0 : value.applyAsDouble(steps.get(i)) / top;
      points
          .append(points.isEmpty() ? "" : " ")
          .append(VolumeHistory.STEPS - steps.size() + i)
          .append(',')
          .append(String.format(Locale.ROOT, "%.1f", HEIGHT - share * (HEIGHT - 2) - 1));
    }
    return points.toString();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value >= 100 || value == 0 ? "%.0f" : "%.2f", value);
  }
}
