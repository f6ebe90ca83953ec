// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;

/**
 * The Merkle tree over a disk as in RFC 9162 2.1.1 with SHA-256: leaf <em>i</em> is the disk's
 * <em>i</em>-th mebibyte, the last one what is left. It says of two copies, on whatever machines
 * and in whatever formats, whether they hold the same bytes, and by its subtrees where they differ.
 * What a disk does not hold costs no reading, and hardly any hashing: trees over zeros alone are
 * known.
 */
final class MerkleRoot {
  private static final int PIECE = 1 << 20;
  private static final int MOST_LOST = 1000;

  /**
   * What reading a disk gave.
   *
   * @param root in hexadecimal; empty if something could not be read
   * @param lost what could not be read, the first thousand pieces
   * @param readBytes bytes that were held, and read
   */
  record Result(String root, List<Lost> lost, long readBytes) {}

  /** A part of the disk that could not be read. */
  record Lost(long offset, long length, String why) {}

  /** A tree of 2<sup>level</sup> leaves. */
  private record Tree(int level, byte[] hash) {}

  private final VolumeData data;
  private final long size;
  private final MessageDigest digest = sha256();
  private final Deque<Tree> trees = new ArrayDeque<>();
  private final List<byte[]> zeros = new ArrayList<>();
  private final List<Lost> lost = new ArrayList<>();
  private final ByteBuffer piece = ByteBuffer.allocate(PIECE);
  private long read;

  private MerkleRoot(VolumeData data) {
    this.data = data;
    this.size = data.size();
  }

  /** Reads a disk that nobody writes meanwhile. */
  static Result of(VolumeData data) {
    MerkleRoot root = new MerkleRoot(data);
    root.readAll();
    return new Result(
        root.lost.isEmpty() ? HexFormat.of().formatHex(root.fold()) : "",
        List.copyOf(root.lost),
        root.read);
  }

  private void readAll() {
    for (long at = 0; at < size && lost.size() < MOST_LOST; ) {
      int length = (int) Math.min(PIECE, size - at);
      try {
        VolumeData.Extent extent = data.extentAt(at);
        if (!extent.held() && extent.length() >= length) {
          at += length == PIECE ? addZeros(at / PIECE, extent.length() / PIECE) : addPiece(at, 0);
          continue;
        }
        at += addPiece(at, length);
      } catch (IOException e) {
        lost.add(new Lost(at, length, String.valueOf(e.getMessage())));
        at += length;
      }
    }
  }

  /**
   * Adds the largest tree over zeros that may follow here.
   *
   * @return bytes that it covers
   */
  private long addZeros(long index, long most) {
    int level = 63 - Long.numberOfLeadingZeros(most);
    if (index != 0) {
      level = Math.min(level, Long.numberOfTrailingZeros(index));
    }
    add(new Tree(level, zeroTree(level)));
    return (1L << level) * PIECE;
  }

  private byte[] zeroTree(int level) {
    while (zeros.size() <= level) {
      zeros.add(
          zeros.isEmpty() ? leaf(new byte[PIECE], PIECE) : node(zeros.getLast(), zeros.getLast()));
    }
    return zeros.get(level);
  }

  /** Adds the piece at an offset, of which so many bytes are read and the others are zeros. */
  private long addPiece(long at, int held) throws IOException {
    int length = (int) Math.min(PIECE, size - at);
    java.util.Arrays.fill(piece.array(), (byte) 0);
    if (held > 0) {
      data.read(at, piece.clear().limit(held));
      read += held;
    }
    add(new Tree(0, leaf(piece.array(), length)));
    return length;
  }

  private void add(Tree tree) {
    Tree next = tree;
    while (!trees.isEmpty() && trees.peek().level() == next.level()) {
      next = new Tree(next.level() + 1, node(trees.pop().hash(), next.hash()));
    }
    trees.push(next);
  }

  /** Joins what is left from the right: trees of fewer leaves are the right branch. */
  private byte[] fold() {
    if (trees.isEmpty()) {
      return digest.digest();
    }
    byte[] hash = trees.pop().hash();
    while (!trees.isEmpty()) {
      hash = node(trees.pop().hash(), hash);
    }
    return hash;
  }

  private byte[] leaf(byte[] bytes, int length) {
    digest.update((byte) 0);
    digest.update(bytes, 0, length);
    return digest.digest();
  }

  private byte[] node(byte[] left, byte[] right) {
    digest.update((byte) 1);
    digest.update(left);
    digest.update(right);
    return digest.digest();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
