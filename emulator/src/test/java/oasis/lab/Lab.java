// SPDX-License-Identifier: Apache-2.0
package oasis.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import oasis.emulator.Emulation;
import oasis.emulator.Node;
import oasis.emulator.Topology;
import oasis.emulator.Topology.End;
import oasis.link.LinkSettings;
import oasis.os.CommandRunner;
import oasis.os.OsException;

/**
 * The network of the tests of the whole: client, exit node, server and DNS server, each at its own
 * port of one router; all links carry both address families. Time-outs are for a busy machine and
 * prove nothing.
 */
public final class Lab implements AutoCloseable {
  public static final String CLIENT = "192.0.2.2";
  public static final String EXIT = "198.51.100.2";
  public static final String SERVER = "203.0.113.2";
  public static final String DNS = "203.0.113.130";
  public static final String CLIENT6 = "2001:db8:1::2";
  public static final String EXIT6 = "2001:db8:2::2";
  public static final String SERVER6 = "2001:db8:3::2";
  public static final String DNS6 = "2001:db8:4::2";
  public static final Duration LONG = Duration.ofSeconds(Integer.getInteger("x.long", 60));

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path directory;
  private final Emulation emulation;
  private final Servers servers;
  private final Daemons daemons;

  private Lab(Path directory, Emulation emulation) {
    this.directory = directory;
    this.emulation = emulation;
    servers = new Servers(this);
    daemons = new Daemons(this);
  }

  /** Skips the test, with the reason, where namespaces or TUN devices cannot be made. */
  public static void assumePossible() {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root for namespaces");
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "needs /dev/net/tun");
  }

  /** Builds the network on plain links and starts the DNS server. */
  public static Lab start(Path directory) throws Exception {
    return start(directory, LinkSettings.UNSHAPED, LinkSettings.UNSHAPED);
  }

  /**
   * Builds the network and starts the DNS server.
   *
   * @param access what the link between client and router does, both ways
   * @param far what the link between router and server does, both ways
   */
  public static Lab start(Path directory, LinkSettings access, LinkSettings far) throws Exception {
    Topology topology =
        Topology.builder("lab")
            .host("client", DNS)
            .router("router")
            .host("exit", DNS)
            .host("server")
            .host("dns")
            .link(
                End.of("client", CLIENT + "/24", CLIENT6 + "/64", access),
                End.of("router", "192.0.2.1/24", "2001:db8:1::1/64", access))
            .link(
                "exit",
                EXIT + "/24",
                EXIT6 + "/64",
                "router",
                "198.51.100.1/24",
                "2001:db8:2::1/64")
            .link(
                End.of("server", SERVER + "/25", SERVER6 + "/64", far),
                End.of("router", "203.0.113.1/25", "2001:db8:3::1/64", far))
            .link(
                "dns", DNS + "/25", DNS6 + "/64", "router", "203.0.113.129/25", "2001:db8:4::1/64")
            .build();
    Emulation emulation =
        Emulation.start(
            topology,
            new Emulation.Options(
                directory.resolve("output"), directory.resolve("emulations"), LONG));
    Lab lab = new Lab(directory, emulation);
    try {
      lab.servers.startDns();
      return lab;
    } catch (Exception e) {
      lab.close();
      throw e;
    }
  }

  /** The programs that programs of the client's host talk to. */
  public Servers servers() {
    return servers;
  }

  /** Client and exit node. */
  public Daemons daemons() {
    return daemons;
  }

  /** Network and links. */
  public Emulation emulation() {
    return emulation;
  }

  public Node client() {
    return emulation.node("client");
  }

  public Node router() {
    return emulation.node("router");
  }

  public Node exit() {
    return emulation.node("exit");
  }

  public Node server() {
    return emulation.node("server");
  }

  public Node dns() {
    return emulation.node("dns");
  }

  /** What crosses the links. */
  public enum Offloads {
    /** As the kernel sets them: bursts of up to 64 KiB with unfinished checksums. */
    DEFAULT("on", "off"),
    /** As with a real network card: at most 1,500 bytes, merged again by the receiver. */
    WIRE("off", "on");

    private final String sends;
    private final String merges;

    Offloads(String sends, String merges) {
      this.sends = sends;
      this.merges = merges;
    }
  }

  /** Sets what crosses the links; without effect on shaped ones. */
  public void offloads(Offloads mode) throws OsException {
    for (Node node : emulation.nodes()) {
      for (String device : node.devices()) {
        List<String> argv = new ArrayList<>(List.of("ethtool", "-K", device));
        argv.addAll(List.of("tso", mode.sends, "gso", mode.sends, "gro", mode.merges));
        argv.addAll(List.of("tx-udp-segmentation", mode.sends));
        runIn(node, argv.toArray(String[]::new));
      }
    }
  }

  // ------------------------------------------------------------------- programs

  /** Runs a program in the client's host; it has to succeed. Its standard output. */
  public String run(String... argv) throws OsException {
    return runIn(client(), argv);
  }

  /** Runs a program in a node; it has to succeed. Its standard output. */
  public String runIn(Node node, String... argv) throws OsException {
    CommandRunner.Result result = node.exec(LONG, argv);
    assertThat(result.status())
        .as("%s%n%s%s", String.join(" ", argv), result.out(), result.err())
        .isZero();
    return result.out();
  }

  // ----------------------------------------------------------------------- rest

  /** Where the files of this laboratory are. */
  public Path directory() {
    return directory;
  }

  /** A file of this laboratory. */
  public Path file(String name) {
    return directory.resolve(name);
  }

  /** Parses JSON. */
  public static JsonNode json(String text) throws IOException {
    return JSON.readTree(text);
  }

  /** A condition that may fail to be asked. */
  @FunctionalInterface
  public interface Condition {
    /** Whether it holds now. */
    boolean holds() throws Exception;
  }

  /** Waits until a condition holds; fails when it does not within {@link #LONG}. */
  public static void await(String what, Condition condition) throws Exception {
    long end = System.nanoTime() + LONG.toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("not within %s: %s", LONG, what).isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  /** SHA-256 in hexadecimal digits. */
  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ends all programs and removes the network. */
  @Override
  public void close() {
    emulation.close();
  }
}
