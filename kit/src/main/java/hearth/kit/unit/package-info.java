/** Quantities as people write and read them. */
@NullMarked
package hearth.kit.unit;

import org.jspecify.annotations.NullMarked;
