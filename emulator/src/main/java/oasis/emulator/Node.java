// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.time.Duration;
import java.util.List;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/** A running node: a network namespace in which programs can be started. Thread-safe. */
public final class Node {
  private final Programs programs;
  private final Topology.NodeSpec spec;
  private final String namespace;
  private final List<Ip4Prefix> addresses;

  Node(Programs programs, Topology.NodeSpec spec, String namespace, List<Ip4Prefix> addresses) {
    this.programs = programs;
    this.spec = spec;
    this.namespace = namespace;
    this.addresses = List.copyOf(addresses);
  }

  /** Its name in the topology. */
  public String name() {
    return spec.name();
  }

  /** The name of its network namespace, for {@code ip netns exec}. */
  public String namespace() {
    return namespace;
  }

  /** Its addresses, those of {@code eth0}, {@code eth1}, … in this order. */
  public List<Ip4Prefix> addresses() {
    return addresses;
  }

  /** Its first address as text, {@code 10.0.1.2}. */
  public String address() {
    return addresses.get(0).host();
  }

  /**
   * Starts a program here. It leads a session of its own and is killed, with all that it started in
   * this node, when the emulation closes or this process dies.
   *
   * @throws OsException when it cannot be started; a program that does not exist ends with status
   *     127 instead
   */
  public Program start(Command command) throws OsException {
    return programs.start(this, command);
  }

  /** Starts a program here; see {@link #start(Command)}. */
  public Program start(String... argv) throws OsException {
    return start(Command.of(argv));
  }

  /**
   * Runs a program here to its end.
   *
   * @param timeOut after which it is killed
   * @param argv program and arguments
   * @return exit status and output
   * @throws OsException when it cannot be started or does not end in time
   */
  public CommandRunner.Result exec(Duration timeOut, String... argv) throws OsException {
    try (Program program = start(argv)) {
      int status = program.waitFor(timeOut);
      return new CommandRunner.Result(status, program.output(), program.errors());
    }
  }

  @Override
  public String toString() {
    return name();
  }
}
