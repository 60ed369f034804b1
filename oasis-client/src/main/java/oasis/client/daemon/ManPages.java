// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

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
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Writes a manual page (man(7)) for each command of the client, from what {@code --help} knows. */
final class ManPages {
  private ManPages() {}

  /** Writes all pages into a directory, which is made if it is not there. */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      System.err.println("oasis: name the directory of the manual pages");
      System.exit(2);
    }
    Path directory = Files.createDirectories(Path.of(args[0]));
    for (Map.Entry<String, String> page : pages(ClientMain.commandLine()).entrySet()) {
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
    List<String> description = List.of(command.usageMessage().description());
    String summary = description.isEmpty() ? command.name() : description.get(0);
    page.append(".TH ").append(quoted(title(command).toUpperCase(Locale.ROOT)));
    page.append(" 1 \"\" ").append(quoted("oasis " + ClientMain.version())).append('\n');
    section(page, "NAME");
    page.append(roff(title(command))).append(" \\- ").append(roff(summary)).append('\n');
    section(page, "SYNOPSIS");
    Help help = new Help(command, Help.defaultColorScheme(Help.Ansi.OFF));
    text(page, help.synopsis(0).strip().replaceAll("\\s+", " "));
    section(page, "DESCRIPTION");
    for (String line : description) {
      page.append(".PP\n");
      text(page, line);
    }
    arguments(page, command);
    options(page, command);
    commands(page, command);
    section(page, "EXIT STATUS");
    text(page, "0 for success, 1 when something refused, 2 when the command line is wrong.");
    seeAlso(page, command);
    return page.toString();
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
      String[] description = below.getCommandSpec().usageMessage().description();
      page.append(".TP\n.B ").append(roff(below.getCommandName())).append('\n');
      text(page, description.length == 0 ? below.getCommandName() : description[0]);
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
