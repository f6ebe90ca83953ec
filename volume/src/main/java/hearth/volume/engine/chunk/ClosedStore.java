// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.engine.chunk;

import hearth.volume.engine.Check;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A store that no host has open, read without being changed: what opening it would write stays in
 * memory. So a disk that fails, or a copy of it, is looked at and not touched.
 */
public final class ClosedStore {
  private static final long CACHE = 32 << 20;

  private ClosedStore() {}

  /** Folders of the stores in a folder of volumes, in order. */
  public static List<Path> list(Path volumes) throws IOException {
    List<Path> stores = new ArrayList<>();
    try (var folders = Files.newDirectoryStream(volumes, "*" + ChunkEngine.SUFFIX)) {
      folders.forEach(stores::add);
    }
    stores.sort(null);
    return stores;
  }

  /**
   * Compares all that a store holds with its checksums.
   *
   * @throws IOException if its files cannot be read; what is damaged is told as a finding
   */
  public static Check check(Path store) throws IOException {
    List<Check.Finding> findings = new ArrayList<>();
    try (UnchangedFile blocks = UnchangedFile.open(store.resolve(ChunkEngine.STORE));
        UnchangedFile log = UnchangedFile.open(store.resolve(ChunkEngine.INTENTS));
        UnchangedFile recent = UnchangedFile.open(store.resolve(ChunkEngine.RECENT))) {
      superblocks(blocks, findings);
      ChunkStore open;
      try {
        open =
            ChunkStore.open(
                new StoreFiles(blocks, log, recent), new NodeCache(CACHE), new Nothing());
      } catch (DamagedException e) {
        findings.add(new Check.Finding("", 0, 0, "it cannot be opened: " + e.getMessage()));
        return new Check(findings, 0);
      }
      Scrub.Report report = Scrub.run(open, bytes -> {});
      findings.addAll(report.findings());
      return new Check(findings, report.bytes());
    }
  }

  /** Opening writes the older superblock anew, so both are looked at before. */
  private static void superblocks(StoreFile blocks, List<Check.Finding> findings)
      throws IOException {
    for (int slot = 0; slot < 2; slot++) {
      byte[] page = new byte[Page.BLOCK];
      blocks.read((long) slot * Page.BLOCK, ByteBuffer.wrap(page));
      String wrong = Page.check(page, Page.Kind.SUPERBLOCK, Page.store(page), slot);
      if (!wrong.isEmpty()) {
        findings.add(new Check.Finding("", 0, 0, "superblock " + slot + " " + wrong));
      }
    }
  }

  /** Nobody works on the store later, and memory has room. */
  private static final class Nothing implements ChunkStore.Surroundings {
    @Override
    public boolean hasRoom(long bytes) {
      return true;
    }

    @Override
    public boolean hasRoomForAMoment(long bytes) {
      return true;
    }

    @Override
    public void soon(Runnable work) {}

    @Override
    public void later(Runnable work) {}

    @Override
    public long boot() {
      return ChunkEngine.readBoot();
    }

    @Override
    public long random() {
      return 0;
    }

    @Override
    public long now() {
      return 0;
    }

    @Override
    public void warn(String message) {}
  }
}
