// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What coturn's client of RFC 5780 finds out about the raw backend from behind it, by a STUN server
 * with two addresses, is what docs/nat-behaviour.md says.
 */
@Timeout(600)
class NatDiscoveryIT extends ExitLab {
  private static final String SECOND = "203.0.113.12";

  @ParameterizedTest
  @CsvSource({
    "address-and-port, Address and Port Dependent Filtering",
    "address, Address Dependent Filtering",
    "endpoint-independent, Endpoint Independent Filtering"
  })
  void aStunClientReportsWhatIsDocumented(String filtering, String reported) throws Exception {
    in(s, "ip", "address", "add", SECOND + "/24", "dev", "xs");
    start(
        s,
        "turnserver",
        "-n",
        "--stun-only",
        "--no-auth",
        "--no-cli",
        "--no-tls",
        "--no-dtls",
        "--no-tcp",
        "--log-file=stdout",
        "--pidfile=" + file("turn.pid"),
        "--userdb=" + file("turn.db"),
        "-L",
        SERVER,
        "-L",
        SECOND);
    awaitTrue(() -> in(s, "ss", "-Hlun", "sport", "=", "3478").contains(SECOND + ":3478"));
    startExit("--allow", "192.0.2.0/24", "--backend", "raw", "--filtering", filtering);
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      assertThat(in(c, "turnutils_natdiscovery", "-m", "-f", "-H", "-L", "10.9.8.7", SERVER))
          .contains("Endpoint Independent Mapping!", reported + "!", "successful hairpinning");
    }
  }
}
