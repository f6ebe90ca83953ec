// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.binary.BadBinaryException;
import hearth.debug.index.Program;
import hearth.debug.target.Inferior;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The processes of a session: one, and the children that are followed. They run and stop together.
 * For the session's thread.
 */
final class Group {
  private final List<Traced> members = new ArrayList<>();

  Group(Traced first) {
    members.add(first);
  }

  /** All, in the order in which they came. */
  List<Traced> members() {
    return List.copyOf(members);
  }

  /** Those that have not ended. */
  List<Traced> alive() {
    return members.stream().filter(t -> !t.target.isGone()).toList();
  }

  boolean isSingle() {
    return members.size() == 1;
  }

  void resume() {
    alive().forEach(t -> t.target.resume());
  }

  void stop() {
    alive().forEach(t -> t.target.stopAll());
  }

  /** The process of a number, or another. */
  Traced of(int pid, Traced otherwise) {
    return members.stream().filter(t -> t.target.pid() == pid).findFirst().orElse(otherwise);
  }

  /** The process of a thread, or null. */
  @Nullable Traced ofThread(int id) {
    return alive().stream().filter(t -> t.target.thread(id) != null).findFirst().orElse(null);
  }

  void add(Traced member) {
    members.add(member);
  }

  /** A process runs another program. */
  void replace(Traced old, Traced made) {
    members.set(members.indexOf(old), made);
    closeUnused(old.program);
  }

  /** A process ended. */
  void remove(Traced gone) {
    members.remove(gone);
    gone.target.detach(false);
    closeUnused(gone.program);
  }

  /** The program was started again, and all that was is no more. */
  void restarted(Traced first) {
    List<Traced> old = members();
    members.clear();
    members.add(first);
    old.forEach(t -> closeUnused(t.program));
  }

  /** Lets all go, children first; they run on, or end. */
  void detach(boolean kill) {
    members().reversed().forEach(t -> t.target.detach(kill));
  }

  /** Nothing is read of any program any more. */
  void close() {
    List<Traced> old = members();
    members.clear();
    old.stream().map(t -> t.program).distinct().forEach(this::closeUnused);
  }

  private void closeUnused(Program program) {
    if (members.stream().noneMatch(t -> t.program == program)) {
      try {
        program.close();
      } catch (IOException e) {
        return; // nothing was written to it
      }
    }
  }

  /** What is known of a process by the program that it runs; null if that is none of Go. */
  @Nullable Traced read(Inferior target) {
    try {
      return new Traced(programOf(Path.of("/proc/" + target.pid() + "/exe")), target);
    } catch (IOException | BadBinaryException e) {
      return null;
    }
  }

  /** The program of a file; the one that is read already, if it is that. */
  private Program programOf(Path file) throws IOException {
    for (Traced one : members) {
      Path known = Path.of("/proc/" + one.target.pid() + "/exe");
      if (one.target.pid() > 0
          && !known.equals(file)
          && Files.exists(known)
          && Files.isSameFile(known, file)) {
        return one.program;
      }
    }
    Program read = Program.open(file.toRealPath());
    if (!read.functions(Session.THROW).isEmpty()) {
      return read;
    }
    read.close();
    throw new BadBinaryException("not a program of Go");
  }
}
