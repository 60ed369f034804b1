// SPDX-License-Identifier: Apache-2.0
package oasis.exit.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import oasis.io.RawSender;
import oasis.os.CommandRunner;
import oasis.os.Memory;
import oasis.os.linux.Netns;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The life of an exit node, by the kernel backend. */
@Timeout(600)
class ExitNodeIT extends ExitLab {
  @Test
  void aStrangerGetsNothingNotEvenAKeepAlive() throws Exception {
    startExit("--allow", "198.51.100.0/24");
    try (TunnelClient client = client()) {
      assertThat(client.keepAliveIsAnswered(SILENCE_MS)).isFalse();
      assertThat(host.run(ns(c, "ping", "-c", "1", "-W", "1", SERVER), "").ok()).isFalse();
    }
    awaitTrue(() -> number(status(), "engine", "drops", "NOT_ALLOWED") >= 2);
  }

  @Test
  void closedDestinationsAreRefusedAtOnceAndCanBeOpened() throws Exception {
    in(s, "ip", "address", "add", "10.5.0.1/32", "dev", "lo");
    in(s, "ip", "address", "add", "10.6.0.1/32", "dev", "lo");
    in(x, "ip", "route", "add", "10.0.0.0/8", "via", SERVER);
    startNginx();
    startExit("--allow", "192.0.2.0/24", "--allow-destination", "10.6.0.0/16");
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      CommandRunner.Result refused =
          host.run(ns(c, "curl", "-sS", "-m", "20", "http://10.5.0.1/who"), "");
      assertThat(refused.status()).as(refused.err()).isEqualTo(7); // told so, not timed out
      CommandRunner.Result refused6 =
          host.run(ns(c, "curl", "-sS", "-m", "20", "http://[fd00:5::1]/who"), "");
      assertThat(refused6.status()).as(refused6.err()).isEqualTo(7);
      assertThat(in(c, "curl", "-sS", "-m", "20", "http://10.6.0.1/who"))
          .isEqualTo(EXIT_OUTSIDE + "\n");
      assertThat(host.run(ns(c, "ping", "-c", "1", "-W", "1", EXIT_OUTSIDE), "").ok())
          .as("the node's own address")
          .isFalse();
    }
  }

  @Test
  void afterASigkillTheHostWorksAndCleanupRemovesTheRest() throws Exception {
    String before = kernelState();
    Process exit = startExit("--allow", "192.0.2.0/24");
    assertThat(in(x, "sysctl", "-n", "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"))
        .isEqualTo("1\n1\n");
    assertThat(run(1, "cleanup")).contains("is running");
    kill(exit);
    assertThat(in(x, "ping", "-c", "1", "-W", "20", SERVER)).contains(" 0% packet");
    awaitTrue(() -> in(x, "nft", "list", "tables").isEmpty());
    assertThat(in(x, "ip", "-4", "route")).doesNotContain("oasx0");
    assertThat(run(0, "cleanup"))
        .contains("set net.ipv4.ip_forward back to 0", "set net.ipv6.conf.xs.accept_ra back to 1");
    assertThat(kernelState()).isEqualTo(before);
    assertThat(run(0, "cleanup")).contains("nothing to clean up");

    kill(startExit("--allow", "192.0.2.0/24"));
    stop(startExit("--allow", "192.0.2.0/24"));
    assertThat(kernelState()).as("the next start repairs, too").isEqualTo(before);
  }

  @Test
  void onAHostWithoutIpv6TheTableComesBackWhenItsHolderDies() throws Exception {
    in(x, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
    startExit("--allow", "192.0.2.0/24");
    assertThat(ready).contains(", IPv4,");
    long pid = (long) number(status(), "pid");
    ProcessHandle nft =
        ProcessHandle.of(pid)
            .orElseThrow()
            .children()
            .filter(child -> child.info().command().orElse("").endsWith("nft"))
            .findFirst()
            .orElseThrow();
    nft.destroyForcibly();
    awaitTrue(() -> !nft.isAlive());
    awaitTrue(() -> in(x, "nft", "list", "tables").contains("oasis_exit"));
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      assertThat(in(c, "ping", "-c", "1", "-W", "20", SERVER)).contains(" 0% packet");
      assertThat(host.run(ns(c, "ping", "-c", "1", "-W", "20", SERVER6), "").out())
          .contains("No route");
    }
  }

  @Test
  void theHostStillHearsItsRouterAndTheIdleDeviceIsSilent() throws Exception {
    advertiseRouter();
    awaitTrue(() -> in(x, "ip", "-6", "route", "show", "default").contains("proto ra"));
    Process exit = startExit("--allow", "192.0.2.0/24");
    String route = in(x, "ip", "-6", "route", "show", "default", "proto", "ra");
    assertThat(route).as("the router that was known before").contains("dev cx");
    in(x, "ip", "-6", "route", "delete", "default", "proto", "ra");
    advertiseRouter();
    awaitTrue(() -> in(x, "ip", "-6", "route", "show", "default").contains("proto ra"));
    awaitTrue(() -> number(status(), "uptimeMs") > 3000);
    assertThat(number(status(), "tunPort", "inPkts")).as("packets of an idle device").isZero();
    stop(exit);
    assertThat(in(x, "ip", "-6", "route", "show", "default")).contains("proto ra");
  }

  /** A router advertisement (RFC 4861 section 4.2) from the client's namespace to the exit's. */
  private void advertiseRouter() throws Exception {
    Address router = Address.parse("fe80::99");
    FlowKey key = Packets.key(Ip.ICMP6, router.toString(), 0, "2001:db8:1::1", 0);
    byte[] rest = new byte[12];
    rest[0] = 64; // hop limit
    rest[2] = 1; // router lifetime 256 s
    ByteBuffer packet = Packets.icmp(key, 134, 0, rest);
    packet.put(7, (byte) 255);
    Memory memory = Memory.allocate(packet.capacity());
    memory.buffer().put(0, packet, 0, packet.capacity());
    Burst burst = new Burst();
    assertThat(burst.check(memory.buffer(), memory.address(), 0, memory.bytes())).isNull();
    try (RawSender sender = Netns.in(c, () -> RawSender.open(RawSender.Way.RAW, 0))) {
      sender.add(burst);
      sender.flush();
    }
  }

  @Test
  void itDoesNotStartWithoutClientsNorTwiceNorInsideItsOwnPool() throws Exception {
    assertThat(run(1, "run")).contains("--allow PREFIX").contains("--open").hasLineCount(1);
    assertThat(run(1, "run", "--allow", "192.0.2.0/33")).contains("prefix length").hasLineCount(1);
    in(x, "ip", "address", "add", "100.70.0.1/16", "dev", "lo");
    assertThat(run(1, "run", "--allow", "192.0.2.0/24")).contains("--pool");
    startExit("--open", "--pool", "10.255.0.0/16");
    assertThat(run(1, "run", "--open")).contains("another process listens at");
    try (TunnelClient client = client()) {
      client.assertKeepAlive();
      assertThat(in(c, "ping", "-c", "1", "-W", "20", SERVER)).contains(" 0% packet");
    }
  }
}
