// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.session;

import hearth.debug.dwarf.LineTable;
import hearth.debug.index.Function;
import hearth.debug.index.Program;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Guesses where source lies here that was built elsewhere: the functions of a module tell in which
 * folder the module was there, and the go command where it is here. What most functions tell
 * counts.
 */
public final class PathGuess {
  private PathGuess() {}

  /**
   * What is here.
   *
   * @param mainPackage import path of the program's main package, or empty
   * @param goRoot where Go's own source is, or empty
   * @param modules folders of modules by their paths
   */
  public record Here(String mainPackage, String goRoot, Map<String, String> modules) {}

  /** Beginnings of paths that a program has, and what they are here. */
  public static Map<String, String> rules(Program program, Here here) {
    Map<String, Map<String, Integer>> votes = new TreeMap<>();
    Map<String, String> result = new LinkedHashMap<>();
    for (Function function : program.functions()) {
      String path = function.packagePath();
      path = path.equals("main") && !here.mainPackage.isEmpty() ? here.mainPackage : path;
      String module = moduleOf(path, here.modules);
      boolean root = function.name().equals("runtime.main");
      if (module.isEmpty() && !root) {
        continue;
      }
      LineTable.Row row = program.line(function, function.low());
      if (row == null || !row.file().contains("/")) {
        continue;
      }
      if (root) {
        String folder = up(row.file(), 3); // src/runtime/proc.go
        if (!here.goRoot.isEmpty() && folder.contains("/")) {
          result.put(folder, here.goRoot);
        }
        continue;
      }
      String folder = up(row.file(), 1 + count(path.substring(module.length())));
      if (!folder.isEmpty()) {
        votes.computeIfAbsent(module, m -> new HashMap<>()).merge(folder, 1, Integer::sum);
      }
    }
    votes.forEach((module, folders) ->
        folders.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .ifPresent(best -> result.put(best.getKey(), here.modules.getOrDefault(module, ""))));
    return result;
  }

  private static String moduleOf(String path, Map<String, String> modules) {
    String longest = "";
    for (String module : modules.keySet()) {
      boolean within = path.equals(module) || path.startsWith(module + "/");
      longest = within && module.length() > longest.length() ? module : longest;
    }
    return longest;
  }

  private static int count(String path) {
    return (int) path.chars().filter(c -> c == '/').count();
  }

  /** A path without its last parts; empty if it has not so many. */
  private static String up(String path, int parts) {
    String result = path;
    for (int i = 0; i < parts; i++) {
      int slash = result.lastIndexOf('/');
      if (slash < 0) {
        return "";
      }
      result = result.substring(0, slash);
    }
    return result;
  }

  /**
   * What the go command tells of the current folder.
   *
   * @throws SessionException if it cannot
   */
  public static Here here() throws SessionException {
    Map<String, String> modules = new TreeMap<>();
    for (String line : go("list", "-m", "-f", "{{.Path}}\t{{.Dir}}", "all")) {
      String[] parts = line.split("\t", 2);
      if (parts.length == 2 && !parts[1].isEmpty()) {
        modules.put(parts[0], parts[1]);
      }
    }
    List<String> mains = new ArrayList<>();
    for (String line : go("list", "-f", "{{.Name}}\t{{.ImportPath}}", "./...")) {
      if (line.startsWith("main\t")) {
        mains.add(line.substring(5));
      }
    }
    List<String> root = go("env", "GOROOT");
    return new Here(
        mains.size() == 1 ? mains.getFirst() : "", root.isEmpty() ? "" : root.getFirst(), modules);
  }

  private static List<String> go(String... arguments) throws SessionException {
    List<String> command = new ArrayList<>(List.of("go"));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new SessionException(
            "error running go " + arguments[0] + ": is this folder in the program's module?");
      }
      return said.lines().toList();
    } catch (IOException e) {
      throw new SessionException("cannot run go: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SessionException("interrupted");
    }
  }
}
