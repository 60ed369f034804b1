// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import oasis.os.linux.Netns;
import oasis.rules.RuleSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The doctor with a real kernel and real tools. */
@Timeout(600)
class DoctorIT {
  private HostInNamespace host;

  @BeforeEach
  void build() throws Exception {
    HostInNamespace.assumePossible();
    host = new HostInNamespace("doctor");
  }

  @AfterEach
  void destroy() throws Exception {
    if (host != null) {
      host.close();
    }
  }

  /** What was found about the namespace, not about the machine around it. */
  private List<String> found() throws Exception {
    Doctor doctor =
        new Doctor(
            new HostView(Path.of("/"), host.runner),
            ClientNetworkConfig.defaults(1400, RuleSet.EMPTY),
            false);
    return Netns.in(host.host, doctor::examine).stream()
        .map(Finding::id)
        .filter(id -> !id.contains("dns") && !id.contains("name") && !id.equals("docker"))
        .toList();
  }

  @Test
  void theKernelsOwnAnswersAreUnderstood() throws Exception {
    host.runner.check("sysctl", "-q", "-w", "net.ipv4.conf.all.rp_filter=0");
    host.runner.check("sysctl", "-q", "-w", "net.ipv4.conf.eth0.rp_filter=0");
    host.runner.check("sysctl", "-q", "-w", "net.ipv4.conf.oas0.rp_filter=2");
    assertThat(found()).as("a host on which the client can run").isEmpty();

    host.runner.check("sysctl", "-q", "-w", "net.ipv4.conf.eth0.rp_filter=1");
    host.runner.check("ip", "route", "add", "198.18.7.0/24", "dev", "eth0");
    host.runner.check("ip", "addr", "add", "fdc6:1200:4710::9/128", "dev", "eth0", "nodad");
    host.runner.check(
        "ip",
        "rule",
        "add",
        "priority",
        "4710",
        "fwmark",
        "0x10000000/0x10000000",
        "lookup",
        "4710");
    host.runner.check("nft", "add", "table", "inet", "oasis");

    assertThat(found())
        .containsExactlyInAnyOrder(
            "fake-range-collision", "fake-range-collision", "rp-filter", "stale-state");
  }
}
