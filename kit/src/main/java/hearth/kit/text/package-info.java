/** Words for people: suggestions for mistyped names. */
@NullMarked
package hearth.kit.text;

import org.jspecify.annotations.NullMarked;
