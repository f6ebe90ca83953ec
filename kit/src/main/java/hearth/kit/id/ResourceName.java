// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.id;

import hearth.kit.problem.Problem;
import java.util.ArrayList;
import java.util.List;

/**
 * Resource names: collections and identifiers in turn, such as {@code accounts/ann/volumes/data}
 * (AIP-122).
 */
public final class ResourceName {
  private ResourceName() {}

  /**
   * Takes a name apart after a pattern such as <code>accounts/{account}/volumes/{volume}</code>.
   *
   * @param field the request's field, for the error
   * @return the identifiers, in order
   */
  public static List<String> parse(String field, String pattern, String name) {
    String[] expected = pattern.split("/", -1);
    String[] actual = name.split("/", expected.length + 1);
    if (actual.length == expected.length) {
      List<String> ids = new ArrayList<>();
      boolean matches = true;
      for (int i = 0; i < expected.length && matches; i++) {
        if (expected[i].startsWith("{")) {
          matches =
              !actual[i].isEmpty()
                  && actual[i].length() <= 128
                  && !actual[i].equals(".")
                  && !actual[i].equals("..");
          ids.add(actual[i]);
        } else {
          matches = expected[i].equals(actual[i]);
        }
      }
      if (matches) {
        return ids;
      }
    }
    String shown = name.length() <= 200 ? name : name.substring(0, 200) + "…";
    throw Problem.invalid(
        field,
        "'" + Identifiers.printable(shown) + "' is not a name of the form " + pattern,
        "Write the name as " + pattern);
  }
}
