/** Who asks: the caller on whose behalf a request runs. */
@NullMarked
package hearth.kit.access;

import org.jspecify.annotations.NullMarked;
