/**
 * Settings and where their values come from: flag, environment, project file, user file, system
 * file, default, in this order. One place reads them; the rest of the program sees plain values.
 */
@NullMarked
package hearth.kit.configuration;

import org.jspecify.annotations.NullMarked;
