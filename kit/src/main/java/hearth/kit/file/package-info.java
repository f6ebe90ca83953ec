/**
 * Files with manners: private ones, the user's standard folders, and a folder that only one process
 * may use.
 */
@NullMarked
package hearth.kit.file;

import org.jspecify.annotations.NullMarked;
