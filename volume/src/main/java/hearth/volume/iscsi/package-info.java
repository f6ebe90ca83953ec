/**
 * The iSCSI target of RFC 7143. Parsing, negotiation and CHAP are pure; connections and sessions
 * carry them over sockets to {@link hearth.volume.scsi.LogicalUnit}.
 */
@NullMarked
package hearth.volume.iscsi;

import org.jspecify.annotations.NullMarked;
