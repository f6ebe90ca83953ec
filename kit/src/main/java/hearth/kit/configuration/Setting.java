// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.configuration;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A value that can be configured.
 *
 * @param name as in the configuration file and, behind two hyphens, as a flag
 * @param fallback what it is when nobody says; null for none
 * @param help what it is for, one line
 */
public record Setting(String name, @Nullable String fallback, String help) {
  /** The environment variable: {@code HEARTH_DATA_FOLDER} for {@code data-folder}. */
  public String variable() {
    return "HEARTH_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }
}
