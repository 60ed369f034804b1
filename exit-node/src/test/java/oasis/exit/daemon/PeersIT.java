// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import oasis.os.linux.Netns;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two real exit nodes: the client's relays to the other one what lies behind that. */
@Timeout(600)
class PeersIT extends ExitLab {
  private static final String FAR_SERVER = "198.51.100.2";
  private static final String FAR_OUTSIDE = "198.51.100.1";

  private final String y = x + "2";

  @BeforeEach
  void anotherNode() throws Exception {
    Netns.create(host, y);
    link(x, "172.31.0.1", "2001:db8:31::1", y, "172.31.0.2", "2001:db8:31::2", "xy");
    link(y, FAR_OUTSIDE, "2001:db8:4::1", s, FAR_SERVER, "2001:db8:4::2", "ys");
    in(y, "ip", "route", "add", "default", "via", FAR_SERVER);
    in(y, "sysctl", "-qw", "net.ipv4.ip_forward=0");
  }

  @AfterEach
  void noOtherNode() throws Exception {
    Netns.delete(host, y);
  }

  private String keys(String... lines) throws Exception {
    Path file = directory.resolve("keys");
    Files.write(file, List.of(lines));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"kernel", "raw"})
  void programsLeaveAtTheNodeWhosePrefixHoldsTheirDestination(String backend) throws Exception {
    String keys = keys("5 " + "5a".repeat(32) + " between");
    startExit(
        "--backend",
        backend,
        "--allow",
        "192.0.2.0/24",
        "--keys",
        keys,
        "--flow-log",
        file("flows"),
        "--peer",
        "far=172.31.0.2:4700,key:5,198.51.100.0/24");
    startExitIn(
        y,
        "far.sock",
        List.of(),
        "--backend",
        backend,
        "--keys",
        keys,
        "--peer",
        "near=172.31.0.1:4700,as:5");
    startNginx();
    try (TunnelClient client = client()) {
      in(c, "ip", "route", "add", "198.51.100.0/24", "dev", "oast0");
      client.assertKeepAlive();
      assertThat(who(SERVER)).isEqualTo(EXIT_OUTSIDE);
      assertThat(who(FAR_SERVER)).isEqualTo(FAR_OUTSIDE);
      in(c, "curl", "-sSf", "-m", "60", "-o", file("got"), "http://" + FAR_SERVER + "/big");
      assertThat(Files.mismatch(Path.of(file("got")), directory.resolve("www/big"))).isEqualTo(-1);
      in(c, "ping", "-c", "2", "-i", "0.2", "-W", "20", FAR_SERVER);
      // One hop more than without the node between: far's TTL must end two hops away.
      assertThat(in(c, "sh", "-c", "ping -c 1 -t 2 -W 20 " + FAR_SERVER + " || true"))
          .contains("ime to live exceeded");
    }
    assertThat(ask("far.sock", "/v1/clients")).as("a peer is no client").isEqualTo("[]");
    assertThat(ask("far.sock", "/v1/peers")).contains("\"near\"", "\"key\":5");
    assertThat(run(0, "clients", "--peers")).contains("far=172.31.0.2:4700");
    assertThat(run(0, "status")).contains("keys: 1, other nodes: far at 172.31.0.2:4700 (heard ");
    awaitTrue(() -> ask("/v1/metrics").contains("oasis_exit_peer_up{peer=\"far\"} 1"));
    assertThat(ask("/v1/clients")).containsOnlyOnce("\"endpoint\"");
    assertThat(run(0, "whois", "tcp", insideFar(), FAR_SERVER + ":80", Instant.now().toString()))
        .contains("1 client", "client 192.0.2.2:", "(exact)");
  }

  /** What the other node knows of a connection: where it comes from inside. */
  private String insideFar() throws Exception {
    Matcher source =
        Pattern.compile("\"tcp\"[^}]*?\"source\":\"([^\"]+)\"")
            .matcher(ask("far.sock", "/v1/flows"));
    assertThat(source.find()).isTrue();
    return source.group(1);
  }

  private String who(String server) throws Exception {
    return in(c, "curl", "-sSf", "-m", "20", "http://" + server + "/who").strip();
  }
}
