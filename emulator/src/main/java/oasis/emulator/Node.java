// SPDX-License-Identifier: Apache-2.0
package oasis.emulator;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import org.jspecify.annotations.Nullable;

/** A running node: a network namespace in which programs can be started. Thread-safe. */
public final class Node {
  private final Programs programs;
  private final Topology.NodeSpec spec;
  private final String namespace;
  private final List<Topology.End> ends;

  Node(Programs programs, Topology.NodeSpec spec, String namespace, List<Topology.End> ends) {
    this.programs = programs;
    this.spec = spec;
    this.namespace = namespace;
    this.ends = List.copyOf(ends);
  }

  /** Its name in the topology. */
  public String name() {
    return spec.name();
  }

  /** The name of its network namespace, for {@code ip netns exec}. */
  public String namespace() {
    return namespace;
  }

  /** The cores that its programs run on; null for all. */
  @Nullable Cores cores() {
    return spec.cores();
  }

  /** The names of its devices but {@code lo}: {@code eth0}, {@code eth1}, … */
  public List<String> devices() {
    return IntStream.range(0, ends.size()).mapToObj(Network::device).toList();
  }

  /** Its addresses: of {@code eth0} first the IPv4, then the IPv6 one, then those of the next. */
  public List<LinkAddress> addresses() {
    return ends.stream().flatMap(end -> end.addresses().stream()).toList();
  }

  /** Its first address as text, {@code 10.0.1.2}: IPv4 if it has one. */
  public String address() {
    return first(true).or(() -> first(false)).orElseThrow(() -> none("address"));
  }

  /**
   * Its first IPv4 address as text, {@code 10.0.1.2}.
   *
   * @throws IllegalStateException when it has none
   */
  public String address4() {
    return first(true).orElseThrow(() -> none("IPv4 address"));
  }

  /**
   * Its first IPv6 address as text, {@code 2001:db8:1::2}.
   *
   * @throws IllegalStateException when it has none
   */
  public String address6() {
    return first(false).orElseThrow(() -> none("IPv6 address"));
  }

  private Optional<String> first(boolean v4) {
    return addresses().stream()
        .filter(address -> address.isV4() == v4)
        .map(LinkAddress::host)
        .findFirst();
  }

  private IllegalStateException none(String what) {
    return new IllegalStateException("node " + name() + " has no " + what);
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
