// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import oasis.os.CommandRunner;
import oasis.os.OsException;
import oasis.os.linux.LinuxCommandRunner;
import oasis.os.linux.Netns;
import org.junit.jupiter.api.Assumptions;

/**
 * A network namespace of one test, deleted at its end. Without root, or without {@code
 * /dev/net/tun}, the test is skipped with the reason.
 */
public final class TestNamespace implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final CommandRunner host = new LinuxCommandRunner();
  private final String name;

  /**
   * Creates a namespace with its loopback up.
   *
   * @param part what is tested; becomes part of the name
   */
  public TestNamespace(String part) throws OsException {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")), "needs root for network namespaces");
    Assumptions.assumeTrue(Files.exists(Path.of("/dev/net/tun")), "needs /dev/net/tun");
    name = "oas-" + part + "-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
    Netns.create(host, name);
  }

  /** Name of the namespace. */
  public String name() {
    return name;
  }

  /** Runs code on this thread inside the namespace; see {@link Netns#in}. */
  public <T> T in(Callable<T> code) throws Exception {
    return Netns.in(name, code);
  }

  /** A runner of commands inside the namespace. */
  public CommandRunner runner() {
    return LinuxCommandRunner.inNamespace(name);
  }

  /** Runs a command line inside the namespace that has to succeed; words split at blanks. */
  public String run(String commandLine) throws OsException {
    return runner().check(List.of(commandLine.split(" ")), "");
  }

  /**
   * Joins this namespace to another by a pair of Ethernet devices, each {@code up} with an address
   * and a prefix length.
   */
  public void join(
      String device, String address, TestNamespace other, String peer, String peerAddress)
      throws OsException {
    run("ip link add " + device + " type veth peer name " + peer + " netns " + other.name);
    run("ip addr add " + address + " dev " + device);
    run("ip link set " + device + " up");
    other.run("ip addr add " + peerAddress + " dev " + peer);
    other.run("ip link set " + peer + " up");
  }

  @Override
  public void close() throws OsException {
    Netns.delete(host, name);
  }
}
