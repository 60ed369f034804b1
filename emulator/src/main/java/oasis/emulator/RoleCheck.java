// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import oasis.emulator.Topology.NodeSpec;
import oasis.emulator.Topology.RoleOption;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Refuses options that a role does not have, by the command line of what plays it. */
final class RoleCheck {
  private static final Pattern CONTROL_CHARACTER = Pattern.compile("\\p{Cntrl}");

  private RoleCheck() {}

  static void check(NodeSpec node) {
    Role role = node.role();
    if (role == null) {
      if (!node.options().isEmpty()) {
        throw new TopologyException(
            "node \"" + node.name() + "\" has options, but no role", node.options().get(0));
      }
      return;
    }
    CommandLine line = role.commandLine();
    CommandSpec known = line.getCommandSpec();
    List<String> words = new ArrayList<>(role.command());
    for (String word : words) {
      known = Objects.requireNonNull(known.subcommands().get(word)).getCommandSpec();
    }
    for (RoleOption option : node.options()) {
      one(role, known, option);
      words.addAll(option.words());
    }
    try {
      line.parseArgs(words.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new TopologyException(
          "node \"" + node.name() + "\", role " + role.text() + ": " + e.getMessage(), node);
    }
  }

  private static void one(Role role, CommandSpec known, RoleOption option) {
    String name = option.name();
    OptionSpec spec = known.findOption("--" + name);
    if (spec == null || spec.hidden() || spec.usageHelp() || spec.versionHelp()) {
      throw wrong(option, "the role " + role.text() + " has no option \"" + name + "\"");
    }
    if (Role.NOT_FOR_TOPOLOGIES.contains(name)) {
      throw wrong(option, "option \"" + name + "\" cannot be set by a topology");
    }
    String value = option.value();
    boolean flag = spec.arity().max() == 0;
    if (flag && value != null) {
      throw wrong(option, "option \"" + name + "\" takes no value");
    }
    if (!flag && value == null) {
      throw wrong(option, "option \"" + name + "\" needs a value");
    }
    if (value != null && value.startsWith("@")) {
      throw wrong(option, "the value of option \"" + name + "\" begins with @, a file of options");
    }
    if (value != null && CONTROL_CHARACTER.matcher(value).find()) {
      throw wrong(option, "the value of option \"" + name + "\" has a control character");
    }
  }

  private static TopologyException wrong(RoleOption option, String message) {
    return new TopologyException(message, option);
  }
}
