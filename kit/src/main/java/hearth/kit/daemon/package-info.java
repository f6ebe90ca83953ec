/**
 * How the command line starts a host without knowing the server: an interface that the server
 * fills, found by {@link java.util.ServiceLoader}.
 */
@NullMarked
package hearth.kit.daemon;

import org.jspecify.annotations.NullMarked;
