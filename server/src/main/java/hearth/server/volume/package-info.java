/** Fills in what the volumes need of the server: their records. */
@NullMarked
package hearth.server.volume;

import org.jspecify.annotations.NullMarked;
