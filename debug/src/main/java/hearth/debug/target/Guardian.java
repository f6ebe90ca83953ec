// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.target;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A shell that outlives the debugger. If that is killed while a process that it attached to runs,
 * breakpoints stay in the code, and the first thread to come by would end the process: the shell
 * stops the process, puts the code back as it was, and lets it run on. What comes by in the
 * milliseconds before that is lost. It needs what the debugger has: the right to trace the process.
 *
 * <p>The shell is told of each address once, and puts back all of them; where no breakpoint is,
 * that changes nothing. For one thread; the shell is started and told by another, since the kernel
 * tells the end of a child to the thread that started it, which here is the one that traces.
 */
final class Guardian implements AutoCloseable {
  private static final long MAX_WAIT = 5;

  /**
   * Reads lines: an address with a byte in octal, or {@code forget}. At the end of its input, which
   * is the debugger's end, it does what is left to do.
   */
  private static final String SCRIPT =
      """
      trap '' HUP INT QUIT TERM
      known=
      while read -r line; do
        case $line in
          forget) known= ;;
          *) known="$known $line" ;;
        esac
      done
      [ -n "$known" ] || exit 0
      kill -STOP "$1" || exit 0
      for one in $known; do
        printf "\\\\${one#*:}" | dd of="/proc/$1/mem" bs=1 seek="${one%:*}" conv=notrunc
      done
      kill -CONT "$1"
      """;

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().name("guardian").daemon().factory());
  private final Map<Long, Byte> told = new HashMap<>();
  private final int pid;
  private @Nullable Process shell;

  Guardian(int pid) {
    this.pid = pid;
    thread.execute(this::start);
  }

  private void start() {
    try {
      shell =
          new ProcessBuilder(List.of("/bin/sh", "-c", SCRIPT, "guardian", String.valueOf(pid)))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      shell = null; // without one all works, but for the debugger's sudden end
    }
  }

  private void say(String line) {
    try {
      thread.execute(() -> {
        Process running = shell;
        if (running != null) {
          try {
            OutputStream out = running.getOutputStream();
            out.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
            out.flush();
          } catch (IOException e) {
            shell = null; // somebody ended it
          }
        }
      });
    } catch (RejectedExecutionException e) {
      return; // it was closed
    }
  }

  /** The code at an address has a breakpoint from now on, instead of this. */
  void remember(long address, byte original) {
    Byte before = told.put(address, original);
    if (before == null || before != original) {
      // Three octal digits, as printf takes them.
      say(address + ":" + Integer.toOctalString(0x200 | (original & 0xff)).substring(1));
    }
  }

  /** Another program runs now, or nothing is to be put back. */
  void forget() {
    if (!told.isEmpty()) {
      told.clear();
      say("forget");
    }
  }

  /** The process is let go, its code as it was. */
  @Override
  public void close() {
    forget();
    thread.execute(() -> {
      Process running = shell;
      if (running != null) {
        try {
          running.getOutputStream().close();
          running.waitFor(MAX_WAIT, TimeUnit.SECONDS);
        } catch (IOException e) {
          running.destroy();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    });
    thread.shutdown();
    try {
      thread.awaitTermination(MAX_WAIT, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
