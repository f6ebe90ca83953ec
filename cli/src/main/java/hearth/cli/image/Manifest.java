// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import hearth.kit.file.PrivateFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells, beside an image, which pieces it holds and their SHA-256: lines of text, first what is
 * exported, then a line {@code OFFSET LENGTH SHA256} for each piece, at last {@code end}. Without
 * that last line the image is not complete yet, and what it lacks can be fetched.
 */
public final class Manifest {
  private static final String FIRST = "hearth-blocks 1";
  private static final String END = "end";

  /** A piece that the image holds. */
  public record Entry(long offset, int length, String sha256) {}

  private final Path file;
  private final Map<String, String> facts = new LinkedHashMap<>();
  private final List<Entry> entries = new ArrayList<>();
  private final StringBuilder fresh = new StringBuilder();
  private boolean complete;

  private Manifest(Path file) {
    this.file = file;
  }

  /** Where the manifest of an image lies. */
  public static Path of(Path image) {
    return image.resolveSibling(image.getFileName() + ".blocks");
  }

  /** Begins a manifest with facts about the export. */
  public static Manifest begin(Path file, Map<String, String> facts) throws IOException {
    Manifest manifest = new Manifest(file);
    manifest.facts.putAll(facts);
    StringBuilder text = new StringBuilder(FIRST + "\n");
    facts.forEach((key, value) -> text.append(key).append(' ').append(value).append('\n'));
    PrivateFiles.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
    return manifest;
  }

  /**
   * Reads a manifest; a last line that is cut off is one that was never written.
   *
   * @throws ImageException if it is none
   */
  public static Manifest read(Path file) throws IOException {
    Manifest manifest = new Manifest(file);
    String text = Files.readString(file);
    int whole = text.lastIndexOf('\n') + 1;
    try (BufferedReader lines =
        new BufferedReader(new java.io.StringReader(text.substring(0, whole)))) {
      if (!FIRST.equals(lines.readLine())) {
        throw new ImageException(file + " is no list of blocks of version 1");
      }
      long behind = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(" ", 3);
        if (line.equals(END)) {
          manifest.complete = true;
        } else if (words.length == 3 && words[0].matches("\\d{1,18}")) {
          Entry entry = new Entry(Long.parseLong(words[0]), Integer.parseInt(words[1]), words[2]);
          if (entry.offset() < behind || entry.length() < 1 || entry.length() > 8 << 20) {
            throw new ImageException(file + " is damaged at: " + line);
          }
          behind = entry.offset() + entry.length();
          manifest.entries.add(entry);
        } else {
          manifest.facts.put(
              words[0], line.substring(Math.min(line.length(), words[0].length() + 1)));
        }
      }
    } catch (NumberFormatException e) {
      throw new ImageException(file + " is damaged: " + e.getMessage());
    }
    if (whole < text.length()) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(text.substring(0, whole).getBytes(StandardCharsets.UTF_8).length);
      }
    }
    return manifest;
  }

  /** A fact about the export; empty if it is not told. */
  public String fact(String key) {
    return facts.getOrDefault(key, "");
  }

  /** Pieces, in order. */
  public List<Entry> entries() {
    return List.copyOf(entries);
  }

  /** Whether the image has everything. */
  public boolean complete() {
    return complete;
  }

  /** Notes a piece; {@link #save} makes that durable. */
  public void add(Piece piece) {
    Entry entry = new Entry(piece.offset(), piece.data().length, piece.sha256());
    entries.add(entry);
    fresh.append(entry.offset()).append(' ').append(entry.length()).append(' ');
    fresh.append(entry.sha256()).append('\n');
  }

  /** Notes that the image has everything. */
  public void end() throws IOException {
    fresh.append(END).append('\n');
    complete = true;
    save();
  }

  /** Makes durable what was noted; for when the pieces are. */
  public void save() throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      ByteBuffer bytes = ByteBuffer.wrap(fresh.toString().getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        int _ = channel.write(bytes);
      }
      channel.force(true);
    }
    fresh.setLength(0);
  }
}
