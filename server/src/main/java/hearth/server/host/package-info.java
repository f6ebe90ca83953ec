/** What the host tells about itself: state, audit, backups, long-running operations. */
@NullMarked
package hearth.server.host;

import org.jspecify.annotations.NullMarked;
