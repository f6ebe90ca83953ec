/**
 * The command line: one grammar, the same verbs for every noun. Commands are wiring; what they do
 * is a call of the host's REST face, and what they print is what came back.
 */
@NullMarked
package hearth.cli;

import org.jspecify.annotations.NullMarked;
