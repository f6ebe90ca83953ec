/**
 * The contract over gRPC and, transcoded from the same file, over REST; authentication, errors,
 * OpenAPI.
 */
@NullMarked
package hearth.server.api;

import org.jspecify.annotations.NullMarked;
