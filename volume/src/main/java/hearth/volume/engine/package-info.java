/**
 * Where the bytes of a volume are kept. {@link hearth.volume.engine.Engine} makes and opens, {@link
 * hearth.volume.engine.VolumeData} reads and writes; a contract test kit says what every engine
 * promises.
 */
@NullMarked
package hearth.volume.engine;

import org.jspecify.annotations.NullMarked;
