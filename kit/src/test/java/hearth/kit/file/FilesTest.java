// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hearth.kit.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilesTest {
  @TempDir Path folder;

  @Test
  void privateFilesAreTheOwnersAloneAlsoWhenTheyReplaceOthers() throws Exception {
    Path file = folder.resolve("new/folder/secret");
    Files.createDirectories(file.resolveSibling(".."));
    PrivateFiles.write(file, "one".getBytes(StandardCharsets.UTF_8));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(file.resolveSibling("."))))
        .isEqualTo("rwx------");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    PrivateFiles.write(file, "two".getBytes(StandardCharsets.UTF_8));
    assertThat(file).hasContent("two");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var files = Files.list(file.resolveSibling("."))) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void aFolderIsHeldByOneAndTheSecondIsToldByWhom() throws Exception {
    try (FolderLock held = FolderLock.take(folder, "process 1 (http://127.0.0.1:1)")) {
      assertThat(held).isNotNull();
      assertThatThrownBy(() -> FolderLock.take(folder, "process 2").close())
          .isInstanceOf(Problem.class)
          .hasMessageContaining("process 1");
    }
    FolderLock.take(folder, "process 3").close();
  }

  @Test
  void foldersFollowTheXdgSpecification() {
    UserFolders defaults = UserFolders.of(Map.of("HOME", "/home/ann"), FileSystems.getDefault());
    assertThat(defaults.configuration()).isEqualTo(Path.of("/home/ann/.config/hearth"));
    assertThat(defaults.data()).isEqualTo(Path.of("/home/ann/.local/share/hearth"));
    UserFolders chosen =
        UserFolders.of(
            Map.of("HOME", "/home/ann", "XDG_STATE_HOME", "/s", "XDG_CACHE_HOME", "relative"),
            FileSystems.getDefault());
    assertThat(chosen.state()).isEqualTo(Path.of("/s/hearth"));
    assertThat(chosen.cache()).isEqualTo(Path.of("/home/ann/.cache/hearth"));
  }
}
