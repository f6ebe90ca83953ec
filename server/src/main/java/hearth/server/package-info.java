/** Puts the rooms together into one server and starts it. Only this room knows Armeria. */
@NullMarked
package hearth.server;

import org.jspecify.annotations.NullMarked;
