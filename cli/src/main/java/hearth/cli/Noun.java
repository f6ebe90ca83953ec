// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import java.util.List;
import java.util.function.Supplier;

/**
 * A kind of thing, and what can be done with it; the verbs are made only when the noun is typed.
 */
record Noun(String name, String plural, String group, String summary, Supplier<List<Verb>> verbs) {}
