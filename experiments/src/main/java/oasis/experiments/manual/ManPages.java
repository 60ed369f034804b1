// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.manual;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import oasis.client.daemon.ClientMain;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Writes a manual page (man(7)) for each command, from what {@code --help} knows. */
public final class ManPages {
  /** How the footer of a command begins that explains its status itself. */
  private static final String OWN_STATUS = "Exit status: ";

  private ManPages() {}

  /** Writes all pages into a directory, which is made if it is not there. */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      System.err.println("oasis: name the directory of the manual pages");
      System.exit(2);
    }
    Path directory = Files.createDirectories(Path.of(args[0]));
    for (Map.Entry<String, String> page : pages(Words.all()).entrySet()) {
      Files.writeString(directory.resolve(page.getKey()), page.getValue(), UTF_8);
    }
  }

  /** The pages of a command and of all commands below it, by file name. */
  static Map<String, String> pages(CommandLine command) {
    Map<String, String> pages = new LinkedHashMap<>();
    add(command.getCommandSpec(), pages);
    return pages;
  }

  private static void add(CommandSpec command, Map<String, String> pages) {
    pages.put(title(command) + ".1", page(command));
    for (CommandLine below : Set.copyOf(command.subcommands().values())) {
      add(below.getCommandSpec(), pages);
    }
  }

  /** {@code oasis-client-rule-add}. */
  private static String title(CommandSpec command) {
    return command.qualifiedName("-").replace(' ', '-');
  }

  private static String page(CommandSpec command) {
    StringBuilder page = new StringBuilder(2_000);
    List<String> description = paragraphs(command.usageMessage().description());
    page.append(".TH ").append(quoted(title(command).toUpperCase(Locale.ROOT)));
    page.append(" 1 \"\" ").append(quoted("oasis " + ClientMain.version())).append('\n');
    section(page, "NAME");
    page.append(roff(title(command))).append(" \\- ").append(roff(summary(command))).append('\n');
    section(page, "SYNOPSIS");
    Help help = new Help(command, Help.defaultColorScheme(Help.Ansi.OFF));
    text(page, help.synopsis(0).strip().replaceAll("\\s+", " "));
    section(page, "DESCRIPTION");
    for (String paragraph : description) {
      page.append(".PP\n");
      text(page, paragraph);
    }
    arguments(page, command);
    options(page, command);
    commands(page, command);
    section(page, "EXIT STATUS");
    text(page, exitStatus(command));
    seeAlso(page, command);
    return page.toString();
  }

  /** The first sentence of what a command does. */
  private static String summary(CommandSpec command) {
    List<String> description = paragraphs(command.usageMessage().description());
    return description.isEmpty()
        ? command.name()
        : description.get(0).split("(?<=\\.) ", 2)[0].replaceFirst("[.;:]$", "");
  }

  /** Lines are joined until one ends what it says. */
  private static List<String> paragraphs(String... lines) {
    List<String> paragraphs = new ArrayList<>();
    StringJoiner paragraph = new StringJoiner(" ");
    for (String line : lines) {
      paragraph.add(line.strip());
      if (line.isBlank() || line.matches(".*[.:]\\s*")) {
        paragraphs.add(paragraph.toString().strip());
        paragraph = new StringJoiner(" ");
      }
    }
    paragraphs.add(paragraph.toString().strip());
    paragraphs.removeIf(String::isEmpty);
    return paragraphs;
  }

  private static String exitStatus(CommandSpec command) {
    String footer = String.join(" ", command.usageMessage().footer()).strip();
    return footer.startsWith(OWN_STATUS)
        ? footer.substring(OWN_STATUS.length())
        : "0 for success, 1 when something refused, 2 when the command line is wrong.";
  }

  private static void arguments(StringBuilder page, CommandSpec command) {
    if (!command.positionalParameters().isEmpty()) {
      section(page, "ARGUMENTS");
    }
    for (PositionalParamSpec parameter : command.positionalParameters()) {
      item(page, parameter.paramLabel(), parameter);
    }
  }

  private static void options(StringBuilder page, CommandSpec command) {
    section(page, "OPTIONS");
    for (OptionSpec option : command.options()) {
      if (!option.hidden()) {
        boolean value = option.arity().max() > 0;
        item(
            page,
            String.join(", ", option.names()) + (value ? " " + option.paramLabel() : ""),
            option);
      }
    }
  }

  private static void item(StringBuilder page, String head, ArgSpec what) {
    page.append(".TP\n.B ").append(roff(head)).append('\n');
    text(page, String.join(" ", what.description()));
  }

  private static void commands(StringBuilder page, CommandSpec command) {
    if (command.subcommands().isEmpty()) {
      return;
    }
    section(page, "COMMANDS");
    for (CommandLine below : new LinkedHashSet<>(command.subcommands().values())) {
      page.append(".TP\n.B ").append(roff(below.getCommandName())).append('\n');
      text(page, summary(below.getCommandSpec()));
    }
  }

  private static void seeAlso(StringBuilder page, CommandSpec command) {
    List<String> others = new ArrayList<>();
    CommandSpec parent = command.parent() == null ? null : command.parent();
    if (parent != null) {
      others.add(title(parent));
    }
    for (CommandLine below : new LinkedHashSet<>(command.subcommands().values())) {
      others.add(title(below.getCommandSpec()));
    }
    section(page, "SEE ALSO");
    StringJoiner list = new StringJoiner(", ");
    others.forEach(other -> list.add("\\fB" + roff(other) + "\\fR(1)"));
    page.append(list).append('\n');
  }

  private static void section(StringBuilder page, String title) {
    page.append(".SH ").append(quoted(title)).append('\n');
  }

  /** A line of text, which must not be taken for a request. */
  private static void text(StringBuilder page, String text) {
    page.append("\\&").append(roff(text)).append('\n');
  }

  private static String quoted(String text) {
    return '"' + roff(text).replace("\"", "\\(dq") + '"';
  }

  /** Text that roff prints as it is. */
  private static String roff(String text) {
    StringBuilder safe = new StringBuilder(text.length() + 16);
    String plain =
        text.replaceAll("\\s+", " ")
            .strip()
            .replace("\\", "\\e")
            .replace("-", "\\-")
            .replace("'", "\\(aq");
    plain
        .codePoints()
        .forEach(
            c -> {
              if (c < 0x7f) {
                safe.appendCodePoint(c);
              } else {
                safe.append(String.format("\\[u%04X]", c));
              }
            });
    return safe.toString();
  }
}
