// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.kit.process;

import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program of the system to its end. Nothing secret belongs in its arguments. */
public final class Program {
  private static final int MOST_OUTPUT = 1 << 20;

  private Program() {}

  /**
   * What came of it.
   *
   * @param code exit status
   * @param output what it wrote to standard output and error, together, without blank ends
   */
  public record Result(int code, String output) {
    /** The first line that says something, without the name of the program before it. */
    public String why() {
      return output
          .lines()
          .map(line -> line.replaceFirst("^[a-z0-9_.-]+: ", "").strip())
          .filter(line -> !line.isEmpty())
          .findFirst()
          .orElse("status " + code);
    }
  }

  /**
   * Runs a program with no input, in the locale C.
   *
   * @throws Problem UNAVAILABLE if it is not installed, DEADLINE_EXCEEDED if it took longer and was
   *     ended, CANCELLED if the calling thread was interrupted
   */
  public static Result run(Duration timeout, List<String> command) {
    String name = command.getFirst();
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    Process process;
    try {
      process = builder.start();
      process.getOutputStream().close();
    } catch (IOException e) {
      throw new Problem(
          Code.UNAVAILABLE,
          "PROGRAM_MISSING",
          "Cannot run " + name + ": " + e.getMessage(),
          "Install it");
    }
    ByteArrayOutputStream output = new ByteArrayOutputStream(); // its methods are synchronized
    Thread reader = Thread.ofVirtual().start(() -> read(process.getInputStream(), output));
    try {
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new Problem(
            Code.DEADLINE_EXCEEDED,
            "PROGRAM_TOO_SLOW",
            name + " did not end within " + timeout.toSeconds() + " s",
            "Look at what holds it up: dmesg | tail");
      }
      // A process that it left behind may hold the pipe open; what came by then is what there is.
      reader.join(Duration.ofSeconds(2));
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new Problem(
          Code.CANCELLED, "INTERRUPTED", "Waiting for " + name + " was interrupted", "Try again");
    }
    return new Result(process.exitValue(), output.toString(StandardCharsets.UTF_8).strip());
  }

  private static void read(InputStream stream, ByteArrayOutputStream output) {
    byte[] buffer = new byte[8192];
    try (stream) {
      for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
        if (output.size() < MOST_OUTPUT) {
          output.write(buffer, 0, n);
        }
      }
    } catch (IOException e) {
      output.writeBytes(String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8));
    }
  }

  /** The same, which must end with status 0. */
  public static String must(Duration timeout, String fix, List<String> command) {
    Result result = run(timeout, command);
    if (result.code() != 0) {
      throw new Problem(
          Code.INTERNAL, "PROGRAM_FAILED", command.getFirst() + " failed: " + result.why(), fix);
    }
    return result.output();
  }
}
