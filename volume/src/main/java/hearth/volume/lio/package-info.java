/**
 * Volumes served by LIO, the target in Linux itself, instead of ours: for hosts that want every
 * operation a disk can do and none of our limits. {@link hearth.volume.lio.Lio} writes and reads
 * the kernel's configuration file system ({@code /sys/kernel/config/target}); it needs no other
 * program, and nothing of it survives a start of the machine. What is there already and right is
 * left alone, so that a host which was killed finds its volumes served when it comes back.
 */
@NullMarked
package hearth.volume.lio;

import org.jspecify.annotations.NullMarked;
