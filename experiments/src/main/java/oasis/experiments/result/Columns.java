// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import java.util.List;

/** A table as text. */
public final class Columns {
  private Columns() {}

  /** The first column to the left, the others to the right; all rows are of the same length. */
  public static String align(List<List<String>> rows) {
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      for (int i = 0; i < row.size(); i++) {
        int column = i;
        int width = rows.stream().mapToInt(each -> each.get(column).length()).max().orElse(0);
        String pad = " ".repeat(width - row.get(i).length());
        text.append(i == 0 ? row.get(i) + pad : "  " + pad + row.get(i));
      }
      text.append('\n');
    }
    return text.toString();
  }
}
