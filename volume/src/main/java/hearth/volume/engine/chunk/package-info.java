/**
 * The chunk store: volumes, their snapshots and clones in two ordinary files, safe against crashes
 * and checksummed throughout. {@code docs/chunk-store.md} describes the files byte by byte.
 *
 * <p>From the bottom: {@link hearth.volume.engine.chunk.StoreFile} is where bytes go and where
 * tests put faults; {@link hearth.volume.engine.chunk.Page} frames what is not people's data;
 * {@link hearth.volume.engine.chunk.Space} says which blocks are free; {@link
 * hearth.volume.engine.chunk.BlockMap} finds the block that holds a part of a volume; {@link
 * hearth.volume.engine.chunk.IntentLog} makes a flush durable between commits; {@link
 * hearth.volume.engine.chunk.ChunkStore} puts them together and commits; {@link
 * hearth.volume.engine.chunk.ChunkEngine} keeps many stores in a folder.
 *
 * <p>Nothing that a superblock reaches is ever written over. A write goes to free blocks and into
 * the map in memory; a flush appends what changed in the map (and a little data) to the log; a
 * commit writes the changed map to free blocks, then one of two superblocks. What a write replaced
 * is free after the next commit if it is younger than the volume's last snapshot, and otherwise
 * when mark and sweep finds that nothing reaches it.
 */
@NullMarked
package hearth.volume.engine.chunk;

import org.jspecify.annotations.NullMarked;
