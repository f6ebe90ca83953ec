/** Tests over the whole program: its structure, and a real host with real initiators. */
@NullMarked
package hearth.system;

import org.jspecify.annotations.NullMarked;
