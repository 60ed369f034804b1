// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import oasis.client.daemon.ClientMain;
import oasis.exit.daemon.ExitMain;
import oasis.planetlab.daemon.PlanetlabMain;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** What a node runs from the beginning of an emulation to its end. */
public enum Role {
  /** The client of the node: {@code oasis client run}. */
  CLIENT("client"),
  /** An exit node, which with peers is a relay too: {@code oasis exit run}. */
  EXIT("exit"),
  /** The web proxy port: {@code oasis planetlab run}, which gets CAP_NET_RAW and nothing else. */
  PLANETLAB_PORT("planetlab"),
  /** A web server. */
  WEB(null),
  /** A DNS server. */
  DNS(null);

  /** Options that the emulation sets, or that would end what it has to keep running. */
  static final List<String> NOT_FOR_TOPOLOGIES = List.of("control", "state", "try", "replace");

  private final @Nullable String word;

  Role(@Nullable String word) {
    this.word = word;
  }

  /** Its name in a topology, {@code planetlab-port}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The role of a name.
   *
   * @throws IllegalArgumentException when there is none, with one line that names all
   */
  static Role parse(String text) {
    return Arrays.stream(values())
        .filter(role -> role.text().equals(text))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("\"" + text + "\" is none of " + allOfThem()));
  }

  private static String allOfThem() {
    return Arrays.stream(values()).map(Role::text).collect(Collectors.joining(", "));
  }

  /** The word of the launcher that starts it; null for a program that is not ours. */
  @Nullable String word() {
    return word;
  }

  /** Whether it sends what programs of its node say by overlays. */
  boolean sendsByOverlays() {
    return this == CLIENT || this == PLANETLAB_PORT;
  }

  /** The command line of what plays it, which knows the options. */
  CommandLine commandLine() {
    return switch (this) {
      case CLIENT -> ClientMain.commandLine();
      case EXIT -> ExitMain.commandLine();
      case PLANETLAB_PORT -> PlanetlabMain.commandLine();
      case WEB -> new CommandLine(new ServerOptions.Web());
      case DNS -> new CommandLine(new ServerOptions.Dns());
    };
  }

  /** The words before the options. */
  List<String> command() {
    return word == null ? List.of() : List.of("run");
  }
}
