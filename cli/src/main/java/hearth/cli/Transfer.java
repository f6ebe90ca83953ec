// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import static hearth.cli.ResourceVerbs.flags;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import hearth.cli.image.BlockStreamReader;
import hearth.cli.image.BlockStreamWriter;
import hearth.cli.image.DiskImage;
import hearth.cli.image.ImageException;
import hearth.cli.image.ImageWriter;
import hearth.cli.image.Manifest;
import hearth.cli.image.Piece;
import hearth.cli.image.Pieces;
import hearth.cli.image.Qcow2Writer;
import hearth.cli.image.RawStreamWriter;
import hearth.cli.image.RawWriter;
import hearth.kit.unit.ByteSize;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Takes volumes out into files and brings files in as volumes. Every piece is compared with its
 * SHA-256 on both sides, and what was interrupted goes on where it stopped: an export by the list
 * of blocks beside the file, an import by a label of the volume.
 */
final class Transfer {
  private static final long TO_SAVE = 64L << 20;
  private static final long SMALLEST = 1 << 20;
  private static final String IMPORTED_UP_TO = "import-offset";

  private Transfer() {}

  static List<Verb> verbs() {
    return List.of(
        new Verb(
            "export",
            "Write what a volume holds to a file",
            "NAME FILE",
            flags(List.of("snapshot", "format", "force", "account"), Flag.NETWORK),
            List.of(
                "# As a raw image with holes, while the volume is in use",
                "hearth volume export data data.raw",
                "# As an image for QEMU, of what it held on Monday",
                "hearth volume export data data.qcow2 --snapshot monday",
                "# To another host",
                "hearth volume export data - | hearth volume import data - --context other"),
            Transfer::export),
        new Verb(
            "import",
            "Make a volume of what a file holds",
            "NAME FILE",
            flags(
                List.of("size", "format", "description", "engine", "account", "output", "dry-run"),
                Flag.NETWORK),
            List.of(
                "# Of a raw or qcow2 image",
                "hearth volume import data disk.qcow2",
                "# With room to grow",
                "hearth volume import data disk.raw --size 100GiB"),
            Transfer::importVolume));
  }

  private static String format(Invocation invocation, String byDefault) {
    String format = invocation.flag("format").orElse(byDefault);
    if (!List.of("raw", "qcow2", "stream").contains(format)) {
      throw new CliFailure(
          ExitCode.USAGE, "--format: '" + format + "' is unknown", "Use raw, qcow2 or stream");
    }
    return format;
  }

  // Export

  private static void export(Invocation invocation) {
    String volume = invocation.resource("volumes", invocation.names().get(0));
    String file = invocation.names().get(1);
    boolean pipe = file.equals("-");
    String format = format(invocation, pipe ? "stream" : file.endsWith(".qcow2") ? "qcow2" : "raw");
    if (pipe && format.equals("qcow2")) {
      throw new CliFailure(
          ExitCode.USAGE,
          "A qcow2 image cannot be written to a pipe",
          "Give a file, or --format stream");
    }
    if (!pipe && format.equals("stream")) {
      pipeToFile(invocation, volume, invocation.path(file));
    } else if (pipe) {
      exportToStream(
          invocation,
          volume,
          format,
          new BufferedOutputStream(invocation.context().out(), 1 << 16));
    } else {
      exportToFile(invocation, volume, format, invocation.path(file));
    }
  }

  private static void pipeToFile(Invocation invocation, String volume, Path file) {
    refuseUnusable(invocation, file);
    try (var out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
      exportToStream(invocation, volume, "stream", out);
    } catch (IOException e) {
      throw cannotWrite(file.toString(), e);
    }
    exported(invocation, file);
  }

  private static void exportToStream(
      Invocation invocation, String volume, String format, BufferedOutputStream out) {
    Source source = source(invocation, volume, "a pipe");
    try {
      long size = size(invocation, source.name());
      ImageWriter writer =
          format.equals("raw") ? new RawStreamWriter(out, size) : new BlockStreamWriter(out, size);
      fetch(invocation, source.name(), size, 0, writer::write);
      writer.finish();
      out.flush();
    } catch (IOException e) {
      throw cannotWrite("standard output", e);
    } finally {
      source.drop(invocation);
    }
  }

  private static void refuseUnusable(Invocation invocation, Path file) {
    Path folder = java.util.Objects.requireNonNull(file.toAbsolutePath().getParent());
    if (!Files.isDirectory(folder) || !Files.isWritable(folder)) {
      throw new CliFailure(
          ExitCode.USAGE,
          folder + " is no folder that can be written to",
          "Make it first, or give another file");
    }
    if (Files.exists(file) && !invocation.isSet("force")) {
      throw new CliFailure(
          ExitCode.CONFLICT, file + " is there already", "Give another name, or --force");
    }
  }

  private static void exportToFile(Invocation invocation, String volume, String format, Path file) {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Path list = Manifest.of(file);
    refuseUnusable(invocation, file);
    try {
      Manifest manifest = null;
      if (Files.exists(list) && Files.exists(part)) {
        Manifest begun = Manifest.read(list);
        if (!begun.complete()
            && begun.fact("volume").equals(volume)
            && begun.fact("format").equals(format)) {
          manifest = begun;
        }
      }
      Source source;
      if (manifest == null) {
        source = source(invocation, volume, file.toString());
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("volume", volume);
        facts.put("source", source.name());
        facts.put("temporary", String.valueOf(source.temporary()));
        facts.put("format", format);
        facts.put("size", String.valueOf(size(invocation, source.name())));
        Files.deleteIfExists(part);
        manifest = Manifest.begin(list, facts);
      } else {
        source =
            new Source(manifest.fact("source"), Boolean.parseBoolean(manifest.fact("temporary")));
      }
      write(invocation, source, format, manifest, part);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      source.drop(invocation);
    } catch (IOException e) {
      throw cannotWrite(file.toString(), e);
    }
    exported(invocation, file);
  }

  private static void write(
      Invocation invocation, Source source, String format, Manifest manifest, Path part)
      throws IOException {
    long size = Long.parseLong(manifest.fact("size"));
    FileChannel channel =
        FileChannel.open(
            part,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (ImageWriter writer =
        format.equals("raw") ? new RawWriter(channel, size) : new Qcow2Writer(channel, size)) {
      long behind = 0;
      for (Manifest.Entry entry : manifest.entries()) {
        writer.skip(entry.offset(), entry.length());
        behind = entry.offset() + entry.length();
      }
      long[] unsaved = {0};
      fetch(
          invocation,
          source.name(),
          size,
          behind,
          piece -> {
            writer.write(piece);
            manifest.add(piece);
            unsaved[0] += piece.data().length;
            if (unsaved[0] >= TO_SAVE) {
              writer.sync();
              manifest.save();
              unsaved[0] = 0;
            }
          });
      writer.finish();
      manifest.end();
    }
  }

  private static void exported(Invocation invocation, Path file) {
    invocation
        .context()
        .out()
        .println(
            "volume/"
                + ResourceVerbs.lastPart(invocation.names().get(0))
                + " exported to "
                + file.getFileName());
    invocation.next("hearth volume import NEW-NAME " + file.getFileName());
  }

  private static CliFailure cannotWrite(String file, IOException e) {
    return new CliFailure(
        ExitCode.FAILURE,
        "Cannot write " + file + ": " + e.getMessage(),
        "Run the same command again when the cause is mended; it goes on where it stopped");
  }

  /**
   * What is read: a snapshot, which does not change meanwhile, or a volume that nobody uses.
   *
   * @param temporary whether it was made for the export
   */
  private record Source(String name, boolean temporary) {
    void drop(Invocation invocation) {
      if (temporary) {
        JsonObject _ =
            invocation.api().call("DELETE", name, Map.of(), com.google.gson.JsonNull.INSTANCE);
      }
    }
  }

  private static Source source(Invocation invocation, String volume, String where) {
    Optional<String> snapshot = invocation.flag("snapshot");
    if (snapshot.isPresent()) {
      return new Source(
          volume + "/snapshots/" + Invocation.encode(ResourceVerbs.lastPart(snapshot.get())),
          false);
    }
    JsonObject known = invocation.get(volume);
    if (List.of("CHUNKS", "LVM").contains(Output.text(known, "engine"))) {
      String id =
          "export-"
              + DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS")
                  .withZone(ZoneOffset.UTC)
                  .format(invocation.context().clock().instant());
      JsonObject body = new JsonObject();
      body.addProperty("description", "Being exported to " + where);
      JsonObject _ = invocation.post(volume + "/snapshots", Map.of("snapshotId", id), body);
      return new Source(volume + "/snapshots/" + id, true);
    }
    if (!Output.text(known, "iscsi.sessionCount").isEmpty()) {
      throw new CliFailure(
          ExitCode.CONFLICT,
          "The volume is in use, and its engine has no snapshots",
          "Log the initiators out first: hearth volume detach " + invocation.name());
    }
    return new Source(volume, false);
  }

  private interface Sink {
    void take(Piece piece) throws IOException;
  }

  private static long size(Invocation invocation, String name) {
    return number(invocation.get(name), "sizeBytes");
  }

  private static long number(JsonObject object, String path) {
    return Long.parseLong("0" + Output.text(object, path));
  }

  /** Reads all that is held from a place on, in order. */
  private static void fetch(Invocation invocation, String name, long size, long begin, Sink sink)
      throws IOException {
    ApiClient api = invocation.api().silent();
    Progress progress = new Progress(invocation.context(), begin, size);
    try (Ahead<Piece> ahead = new Ahead<>()) {
      long moved = 0;
      for (long next = begin; next < size; ) {
        JsonObject page =
            api.call(
                "GET",
                name + ":extents",
                Map.of("offsetBytes", String.valueOf(next)),
                com.google.gson.JsonNull.INSTANCE);
        JsonArray extents = page.has("extents") ? page.getAsJsonArray("extents") : new JsonArray();
        for (JsonElement extent : extents) {
          long at = number(extent.getAsJsonObject(), "offsetBytes");
          long end = at + number(extent.getAsJsonObject(), "lengthBytes");
          while (at < end) {
            if (ahead.isFull()) {
              moved += sink(ahead.take(), sink);
              progress.at(at, moved);
            }
            long from = at;
            int length = (int) Math.min(Pieces.MOST - at % Pieces.MOST, end - at);
            ahead.begin(() -> piece(api, name, from, length));
            at += length;
          }
        }
        long then = number(page, "nextOffsetBytes");
        if (then <= next) {
          throw new CliFailure(
              ExitCode.FAILURE, "The host's answers do not make sense", "Try again");
        }
        next = then;
      }
      while (!ahead.isEmpty()) {
        moved += sink(ahead.take(), sink);
      }
    } finally {
      progress.end();
    }
  }

  private static int sink(Piece piece, Sink sink) throws IOException {
    sink.take(piece);
    return piece.data().length;
  }

  private static Piece piece(ApiClient api, String name, long at, int length) {
    ApiClient.Download download =
        api.download(
            name + ":download",
            Map.of("offsetBytes", String.valueOf(at), "lengthBytes", String.valueOf(length)));
    Piece piece = Piece.of(at, download.bytes());
    if (download.bytes().length != length
        || !download.contentType().endsWith("sha-256=" + piece.sha256())) {
      throw new CliFailure(
          ExitCode.FAILURE,
          "What came of the bytes at " + at + " does not match its SHA-256",
          "Run the same command again");
    }
    return piece;
  }

  // Import

  private static void importVolume(Invocation invocation) {
    String file = invocation.names().get(1);
    try {
      if (file.equals("-")) {
        InputStream in = new BufferedInputStream(invocation.context().in(), 1 << 16);
        upload(
            invocation,
            format(invocation, "stream").equals("raw")
                ? rawStream(invocation, in)
                : new BlockStreamReader(in));
      } else if (isStream(invocation, invocation.path(file))) {
        try (InputStream in =
            new BufferedInputStream(Files.newInputStream(invocation.path(file)), 1 << 16)) {
          upload(invocation, new BlockStreamReader(in));
        }
      } else {
        try (DiskImage image = DiskImage.open(invocation.path(file))) {
          upload(invocation, pieces(invocation.path(file), image));
        }
      }
    } catch (ImageException e) {
      throw new CliFailure(
          ExitCode.USAGE, file + " cannot be imported: " + e.getMessage(), "Give a whole image");
    } catch (NoSuchFileException e) {
      throw new CliFailure(
          ExitCode.USAGE,
          "There is no file " + file,
          "Give the path of an image, or - for a block stream on standard input");
    } catch (IOException e) {
      throw new CliFailure(
          ExitCode.USAGE,
          "Cannot read " + file + ": " + e.getMessage(),
          "Give the path of an image, or - for a block stream on standard input");
    }
  }

  private static boolean isStream(Invocation invocation, Path file) throws IOException {
    if (invocation.flag("format").isPresent()) {
      return format(invocation, "").equals("stream");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(8), java.nio.charset.StandardCharsets.ISO_8859_1)
          .equals("HEARTHBS");
    }
  }

  private static Pieces rawStream(Invocation invocation, InputStream in) {
    long size =
        invocation
            .flag("size")
            .map(text -> ResourceVerbs.size("size", text))
            .orElseThrow(() ->
                new CliFailure(
                    ExitCode.USAGE,
                    "The size of a raw image on a pipe is not known",
                    "Give it with --size"));
    return Pieces.ofRaw(in, size);
  }

  /** The pieces of an image, by the list of blocks beside it if there is one. */
  private static Pieces pieces(Path file, DiskImage image) throws IOException {
    Path list = Manifest.of(file);
    return Files.exists(list) ? Pieces.of(image, Manifest.read(list)) : Pieces.of(image);
  }

  private static void upload(Invocation invocation, Pieces pieces) throws IOException {
    String name = invocation.names().get(0);
    String volume = invocation.resource("volumes", name);
    long from = begin(invocation, volume, pieces.size());
    if (!invocation.isSet("dry-run")) {
      Progress progress = new Progress(invocation.context(), from, pieces.size());
      ApiClient api = invocation.api().silent();
      try (Ahead<Boolean> ahead = new Ahead<>()) {
        long moved = 0;
        long saved = from;
        for (Optional<Piece> next = pieces.next(); next.isPresent(); next = pieces.next()) {
          Piece piece = next.get();
          long end = piece.offset() + piece.data().length;
          if (end <= from || piece.isZero()) {
            continue;
          }
          if (piece.offset() - saved >= TO_SAVE) {
            finish(ahead);
            label(api, volume, String.valueOf(piece.offset()));
            saved = piece.offset();
          }
          if (ahead.isFull()) {
            boolean _ = ahead.take();
          }
          ahead.begin(() -> send(api, volume, piece));
          moved += piece.data().length;
          progress.at(end, moved);
        }
        finish(ahead);
        label(api, volume, "");
      } finally {
        progress.end();
      }
    }
    invocation.changed(
        invocation.isSet("dry-run") ? new JsonObject() : invocation.get(volume),
        List.of(),
        "volume/" + ResourceVerbs.lastPart(name) + " imported",
        "hearth volume attach " + name);
  }

  private static void finish(Ahead<Boolean> ahead) {
    while (!ahead.isEmpty()) {
      boolean _ = ahead.take();
    }
  }

  private static boolean send(ApiClient api, String volume, Piece piece) {
    JsonObject body = new JsonObject();
    body.addProperty("offsetBytes", String.valueOf(piece.offset()));
    body.addProperty("data", Base64.getEncoder().encodeToString(piece.data()));
    body.addProperty("sha256", piece.sha256());
    JsonObject _ = api.call("POST", volume + ":upload", Map.of(), body);
    return true;
  }

  /** Notes at the volume how far the import is; with nothing, that it is done. */
  private static void label(ApiClient api, String volume, String offset) {
    JsonObject labels = new JsonObject();
    if (!offset.isEmpty()) {
      labels.addProperty(IMPORTED_UP_TO, offset);
    }
    JsonObject body = new JsonObject();
    body.add("labels", labels);
    JsonObject _ = api.call("POST", volume + ":update", Map.of("updateMask", "labels"), body);
  }

  /** Makes the volume, or finds the one whose import was interrupted; where to go on. */
  private static long begin(Invocation invocation, String volume, long imageSize) {
    long size = Math.max(SMALLEST, (imageSize + 4095) / 4096 * 4096);
    long wanted =
        invocation.flag("size").map(text -> ResourceVerbs.size("size", text)).orElse(size);
    if (wanted < imageSize) {
      throw new CliFailure(
          ExitCode.USAGE,
          "--size: the image has " + ByteSize.format(imageSize),
          "Leave the size out, or give a larger one");
    }
    JsonObject body = new JsonObject();
    body.addProperty("sizeBytes", String.valueOf(wanted));
    JsonObject labels = new JsonObject();
    labels.addProperty(IMPORTED_UP_TO, "0");
    body.add("labels", labels);
    invocation.flag("description").ifPresent(text -> body.addProperty("description", text));
    invocation
        .flag("engine")
        .ifPresent(text -> body.addProperty("engine", text.toUpperCase(java.util.Locale.ROOT)));
    int last = volume.lastIndexOf('/');
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("volumeId", volume.substring(last + 1));
    if (invocation.isSet("dry-run")) {
      parameters.put("validateOnly", "true");
    }
    try {
      JsonObject _ = invocation.post(volume.substring(0, last), parameters, body);
      return 0;
    } catch (CliFailure e) {
      if (e.exitCode() != ExitCode.CONFLICT) {
        throw e;
      }
      String offset = interruptedAt(invocation, volume).orElseThrow(() -> e);
      return Long.parseLong(offset);
    }
  }

  private static Optional<String> interruptedAt(Invocation invocation, String volume) {
    try {
      String offset = Output.text(invocation.get(volume), "labels." + IMPORTED_UP_TO);
      return Optional.of(offset).filter(text -> text.matches("\\d{1,18}"));
    } catch (CliFailure e) {
      return Optional.empty(); // what hindered the making of the volume is worth telling
    }
  }
}
