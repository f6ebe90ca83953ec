/**
 * Errors that say what is wrong, why, and what to do next. Domain code throws a Problem; the server
 * turns it into a {@code google.rpc.Status}, the command line into lines on standard error.
 */
@NullMarked
package hearth.kit.problem;

import org.jspecify.annotations.NullMarked;
