// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server;

import hearth.kit.file.FolderLock;
import hearth.kit.file.PrivateFiles;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The folder that holds a host: {@code identity} (format version, domain, month of birth), {@code
 * records.db}, {@code volumes/}, {@code backups/}, and the lock that keeps a second host out.
 */
final class DataFolder implements AutoCloseable {
  private static final int FORMAT = 1;

  private final Path path;
  private final FolderLock lock;
  private final String domain;
  private final String month;

  private DataFolder(Path path, FolderLock lock, String domain, String month) {
    this.path = path;
    this.lock = lock;
    this.domain = domain;
    this.month = month;
  }

  /** Opens the folder, or makes it; the domain counts only then. */
  static DataFolder open(Path path, Optional<String> wantedDomain, String holder, Instant now) {
    try {
      PrivateFiles.createFolder(path);
      FolderLock lock = FolderLock.take(path, holder);
      try {
        Path identity = path.resolve("identity");
        if (!Files.exists(identity)) {
          String domain = wantedDomain.map(DataFolder::checkDomain).orElseGet(DataFolder::hostName);
          String month =
              DateTimeFormatter.ofPattern("yyyy-MM", Locale.ROOT)
                  .withZone(ZoneOffset.UTC)
                  .format(now);
          PrivateFiles.write(
              identity,
              (FORMAT + " " + domain + " " + month + "\n").getBytes(StandardCharsets.UTF_8));
        }
        PrivateFiles.createFolder(path.resolve("volumes"));
        PrivateFiles.createFolder(path.resolve("backups"));
        String[] words = Files.readString(identity).strip().split(" ", -1);
        if (words.length < 3 || !words[0].matches("\\d{1,6}")) {
          throw new Problem(
              Code.DATA_LOSS,
              "IDENTITY_DAMAGED",
              "The file " + identity + " is damaged",
              "Put it back from a copy; it holds one line: 1 DOMAIN YEAR-MONTH");
        }
        if (Integer.parseInt(words[0]) > FORMAT) {
          throw new Problem(
              Code.FAILED_PRECONDITION,
              "DATA_FOLDER_TOO_NEW",
              "The data folder "
                  + path
                  + " has format "
                  + words[0]
                  + ", and this Hearth knows formats up to "
                  + FORMAT,
              "Start a newer Hearth, or use another --data-folder");
        }
        return new DataFolder(path, lock, words[1], words[2]);
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "DATA_FOLDER_UNUSABLE",
          "Cannot use the data folder " + path + ": " + e.getMessage(),
          "Check that it may be written, or choose another --data-folder");
    }
  }

  private static String checkDomain(String domain) {
    if (!domain.matches("[a-z0-9]([a-z0-9.-]{0,120}[a-z0-9])?")) {
      throw Problem.invalid(
          "domain", "'" + domain + "' is not a domain name", "Use a name such as host.example.org");
    }
    return domain;
  }

  private static String hostName() {
    try {
      String name = InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
      return name.matches("[a-z0-9]([a-z0-9.-]{0,120}[a-z0-9])?") && !name.matches("[0-9.]+")
          ? name
          : "localhost";
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  Path path() {
    return path;
  }

  String domain() {
    return domain;
  }

  /** Beginning of the targets' names (RFC 3721 1.1). */
  String iqnPrefix() {
    List<String> labels = new ArrayList<>(List.of(domain.split("\\.", -1)));
    Collections.reverse(labels);
    return "iqn." + month + "." + String.join(".", labels);
  }

  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      // The kernel frees it with the process at the latest.
    }
  }
}
