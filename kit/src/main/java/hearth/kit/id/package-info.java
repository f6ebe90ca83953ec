/** Identifiers: random ones, and the rules for those that people choose. */
@NullMarked
package hearth.kit.id;

import org.jspecify.annotations.NullMarked;
