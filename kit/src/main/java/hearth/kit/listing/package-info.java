/**
 * Filtering (AIP-160), ordering (AIP-132) and paging (AIP-158) of lists, the same for every
 * resource.
 */
@NullMarked
package hearth.kit.listing;

import org.jspecify.annotations.NullMarked;
