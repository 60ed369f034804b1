// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import java.util.ArrayList;
import java.util.List;
import oasis.io.RawSender;
import oasis.packet.Address;
import picocli.CommandLine.Option;

/** The options that say what carries flows on, and how. */
final class BackendOptions {
  @Option(
      names = "--pool",
      paramLabel = "PREFIX",
      defaultValue = ExitConfig.DEFAULT_POOL,
      description =
          "Addresses that stand for clients inside this node (default: ${DEFAULT-VALUE}).")
  private String pool = "";

  @Option(
      names = "--pool6",
      paramLabel = "PREFIX",
      defaultValue = ExitConfig.DEFAULT_POOL6,
      description = "The same for IPv6 (default: ${DEFAULT-VALUE}).")
  private String pool6 = "";

  @Option(
      names = "--backend",
      paramLabel = "BACKEND",
      defaultValue = "auto",
      description =
          "kernel (TUN and masquerade), raw (raw sockets), or auto: kernel where the host's"
              + " network is ours (default: ${DEFAULT-VALUE}).")
  private String backend = "";

  @Option(
      names = "--send",
      paramLabel = "WAY",
      defaultValue = "auto",
      description =
          "Raw backend: packet (packet socket where the next hop is Ethernet), raw (raw sockets"
              + " only), or auto: packet where it can be (default: ${DEFAULT-VALUE}).")
  private String send = "";

  @Option(
      names = "--silence",
      paramLabel = "WAY",
      defaultValue = "auto",
      description =
          "Raw backend: keep the kernel silent about its ports by nft, by sockets, or auto: nft"
              + " where it can be (default: ${DEFAULT-VALUE}).")
  private String silence = "";

  @Option(
      names = "--ports",
      paramLabel = "FIRST-LAST",
      defaultValue = ExitConfig.DEFAULT_PORTS,
      description = "Raw backend: ports that flows leave from (default: ${DEFAULT-VALUE}).")
  private String ports = "";

  @Option(
      names = "--address",
      paramLabel = "ADDRESS",
      description =
          "Raw backend: address that flows leave from; may be repeated, each client then keeps to"
              + " one of each family. Without it, the one that this host uses towards the"
              + " Internet.")
  private List<String> addresses = new ArrayList<>();

  @Option(
      names = "--tun",
      paramLabel = "NAME",
      defaultValue = ExitConfig.DEFAULT_TUN,
      description = "Name of the TUN device (default: ${DEFAULT-VALUE}).")
  private String tun = "";

  String pool() {
    return pool;
  }

  String pool6() {
    return pool6;
  }

  String tun() {
    return tun;
  }

  ExitConfig.Backend backend() {
    return ExitOptions.word("--backend", backend, ExitConfig.Backend.values());
  }

  /** What concerns the raw backend only. */
  ExitConfig.Raw raw() {
    if (!ports.matches("[0-9]{1,5}-[0-9]{1,5}")) {
      throw new IllegalArgumentException("--ports takes FIRST-LAST, not '" + ports + "'");
    }
    String[] range = ports.split("-", 2);
    return new ExitConfig.Raw(
        Integer.parseInt(range[0]),
        Integer.parseInt(range[1]),
        ExitOptions.word("--send", send, RawSender.Way.values()),
        ExitOptions.word("--silence", silence, ExitConfig.Silence.values()),
        addresses.stream().map(Address::parse).toList());
  }
}
