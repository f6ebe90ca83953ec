/**
 * A disk as SCSI sees it: SPC-4 and SBC-3 commands over a {@link hearth.volume.engine.VolumeData}.
 * Bytes in, values out; knows nothing of how commands travel.
 */
@NullMarked
package hearth.volume.scsi;

import org.jspecify.annotations.NullMarked;
