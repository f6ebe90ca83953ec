/** Who uses the host, and the credentials with which they prove it. */
@NullMarked
package hearth.server.account;

import org.jspecify.annotations.NullMarked;
