/**
 * Block volumes: their records, their rules, and who may do what with them. {@link
 * hearth.volume.Volumes} is the door; the server calls it, fills in {@link
 * hearth.volume.VolumeRecords}, and lends the database's transactions.
 */
@NullMarked
package hearth.volume;

import org.jspecify.annotations.NullMarked;
