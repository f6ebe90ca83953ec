// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.terminal;

import java.util.List;

/** Columns with tabs between them, as wide as the widest cell (like Go's text/tabwriter). */
final class Columns {
  private static final int TAB = 8;

  private Columns() {}

  /** Lines of rows that all have as many cells; the last one is not padded. */
  static String text(List<List<String>> rows) {
    if (rows.isEmpty()) {
      return "";
    }
    int count = rows.getFirst().size();
    int[] tabs = new int[count];
    for (List<String> row : rows) {
      for (int i = 0; i < count; i++) {
        int width = row.get(i).codePointCount(0, row.get(i).length());
        tabs[i] = Math.max(tabs[i], (width + TAB) / TAB);
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      for (int i = 0; i < count; i++) {
        String cell = row.get(i);
        text.append(cell);
        if (i < count - 1) {
          int done = cell.codePointCount(0, cell.length()) / TAB;
          text.append("\t".repeat(tabs[i] - done));
        }
      }
      text.append('\n');
    }
    return text.toString();
  }
}
