/** Web pages, rendered on the server; every one works without JavaScript. */
@NullMarked
package hearth.server.web;

import org.jspecify.annotations.NullMarked;
