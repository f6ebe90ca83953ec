// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli;

import hearth.kit.configuration.Setting;
import hearth.kit.daemon.Daemon;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes the reference of all commands and the manual pages from the tree of commands, so that they
 * never say anything else than {@code hearth help}. Run by {@code tools/reference}.
 */
public final class Reference {
  private static final String TITLE = "Reference of the commands";

  private Reference() {}

  /** Writes the pages into the folder that the argument names. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    for (Map.Entry<String, String> page : pages().entrySet()) {
      Path file = folder.resolve(page.getKey());
      Files.createDirectories(file.resolveSibling("."));
      Files.writeString(file, page.getValue());
    }
  }

  /** The pages by their path: {@code commands.md} and {@code man/*}. */
  static Map<String, String> pages() {
    CommandTree tree =
        new CommandTree(
            new CliContext(
                new ByteArrayInputStream(new byte[0]),
                nowhere(),
                nowhere(),
                Map.of(),
                Path.of("/"),
                InstantSource.system(),
                false,
                false,
                false));
    Map<String, String> pages = new LinkedHashMap<>();
    pages.put("commands.md", markdown(tree));
    pages.put("man/hearth.1", rootPage(tree));
    for (Noun noun : tree.nouns()) {
      pages.put("man/hearth-" + noun.name() + ".1", nounPage(noun));
    }
    pages.put("man/hearth.conf.5", settingsPage());
    return pages;
  }

  private static PrintStream nowhere() {
    return new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
  }

  private static String markdown(CommandTree tree) {
    StringBuilder text = new StringBuilder("# " + TITLE + "\n\n");
    text.append("Written by `tools/reference` from the commands themselves; do not edit.\n");
    tree.leaves()
        .forEach((path, verb) ->
            text.append("\n## ")
                .append(path)
                .append("\n```\n")
                .append(Help.leaf(path, verb))
                .append("```\n"));
    for (String topic : Help.TOPICS.keySet()) {
      text.append("\n## ")
          .append(topic)
          .append("\n```\n")
          .append(Help.topic(topic))
          .append("```\n");
    }
    return text.toString();
  }

  private static String rootPage(CommandTree tree) {
    Page page = new Page("HEARTH", 1, "hearth", "run a libre host");
    page.section("SYNOPSIS")
        .line("\\fBhearth\\fR \\fInoun\\fR \\fIverb\\fR [\\fINAME\\fR] [\\fIflags\\fR]");
    page.section("DESCRIPTION")
        .text(
            "Runs a libre host: keeps data, serves people, belongs to a network. Start one with"
                + " hearth up, and ask for help on anything with hearth help.");
    page.section("COMMANDS");
    tree.topVerbs().forEach(verb -> page.item(verb.name(), verb.summary() + "."));
    tree.nouns()
        .forEach(noun ->
            page.item(
                noun.name(), noun.summary() + ". See \\fBhearth-" + noun.name() + "\\fR(1)."));
    tree.topVerbs().forEach(verb -> page.verb("hearth " + verb.name(), verb));
    page.section("ENVIRONMENT").block(Help.topic("environment"));
    page.section("OUTPUT").block(Help.topic("formatting"));
    page.section("EXIT STATUS").block(Help.topic("exit-codes"));
    page.section("SEE ALSO");
    page.line(
        String.join(
            ", ",
            Stream.concat(
                    tree.nouns().stream().map(noun -> "\\fBhearth-" + noun.name() + "\\fR(1)"),
                    Stream.of("\\fBhearth.conf\\fR(5)"))
                .toList()));
    return page.toString();
  }

  private static String nounPage(Noun noun) {
    String name = "hearth-" + noun.name();
    Page page =
        new Page(
            name.toUpperCase(java.util.Locale.ROOT),
            1,
            name,
            Character.toLowerCase(noun.summary().charAt(0)) + noun.summary().substring(1));
    page.section("SYNOPSIS")
        .line("\\fBhearth " + noun.name() + "\\fR \\fIverb\\fR [\\fINAME\\fR] [\\fIflags\\fR]");
    page.section("DESCRIPTION")
        .text(noun.summary() + ". The plural, hearth " + noun.plural() + ", is the same command.");
    noun.verbs()
        .get()
        .forEach(verb -> page.verb("hearth " + noun.name() + " " + verb.name(), verb));
    page.section("SEE ALSO").line("\\fBhearth\\fR(1), \\fBhearth.conf\\fR(5)");
    return page.toString();
  }

  private static String settingsPage() {
    Page page = new Page("HEARTH.CONF", 5, "hearth.conf", "settings of Hearth");
    page.section("SYNOPSIS")
        .line("./hearth.conf, ~/.config/hearth/hearth.conf, /etc/hearth/hearth.conf");
    page.section("DESCRIPTION")
        .text(
            "Lines of the form name = value; a line that begins with a hash sign is a comment. The"
                + " first file that sets a name wins; flags and the environment win over files."
                + " Names that nothing has are errors. See what is in force, and why, with: hearth"
                + " config list --show-origin");
    page.section("SETTINGS OF A HOST");
    for (Setting setting : Daemon.SETTINGS) {
      page.item(
          setting.name(),
          setting.help()
              + "."
              + (setting.fallback() == null ? "" : " Default: " + setting.fallback() + ".")
              + " Environment: "
              + setting.variable()
              + ".");
    }
    page.section("SETTINGS OF COMMANDS")
        .text("Every flag of every command by its long name, such as");
    page.line("output = wide");
    page.section("SEE ALSO").line("\\fBhearth\\fR(1)");
    return page.toString();
  }

  /** A manual page, in the macros of man(7). */
  private static final class Page {
    private final StringBuilder text = new StringBuilder();

    Page(String title, int section, String name, String what) {
      text.append(".TH ").append(title).append(' ').append(section).append(" \"\" \"Hearth\"\n");
      section("NAME").line(name + " \\- " + what);
    }

    Page section(String heading) {
      text.append(".SH ").append(heading).append('\n');
      return this;
    }

    /** A line with escapes of its own. */
    Page line(String line) {
      text.append(line).append('\n');
      return this;
    }

    Page text(String words) {
      return line(escape(words));
    }

    void item(String name, String words) {
      text.append(".TP\n.B ").append(escape(name)).append('\n');
      line(words.contains("\\f") ? words : escape(words));
    }

    void block(String lines) {
      text.append(".nf\n");
      lines.lines().forEach(line -> line(escape(line)));
      text.append(".fi\n");
    }

    void verb(String path, Verb verb) {
      section(path.toUpperCase(java.util.Locale.ROOT));
      line("\\fB" + path + "\\fR " + escape(verb.argument()) + " [\\fIflags\\fR]");
      line(".PP").text(verb.summary() + ".");
      List<String> flags = new ArrayList<>(verb.flags());
      flags.addAll(Flag.COMMON);
      for (String name : flags) {
        Flag flag = Flag.named(name);
        item(
            (flag.letter() == 0 ? "" : "-" + flag.letter() + ", ")
                + "--"
                + name
                + (flag.isSwitch() ? "" : " " + flag.label()),
            flag.help() + ".");
      }
      line(".PP").line("Examples:").line(".nf");
      verb.examples().forEach(example -> line("    " + escape(example)));
      line(".fi");
    }

    private static String escape(String words) {
      String escaped = words.replace("\\", "\\e").replace("-", "\\-");
      return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
