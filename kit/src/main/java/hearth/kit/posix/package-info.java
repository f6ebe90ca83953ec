/**
 * The few calls of the C library that Java does not offer, through the foreign function interface.
 */
@NullMarked
package hearth.kit.posix;

import org.jspecify.annotations.NullMarked;
