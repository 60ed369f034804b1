// SPDX-License-Identifier: Apache-2.0
package oasis.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import oasis.packet.Address;
import oasis.packet.DropReason;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.testkit.Packets;
import org.junit.jupiter.api.Test;

/** Several external addresses. */
class NatAddressesTest extends NatRig {
  private static final String[] THREE = {"203.0.113.1", "203.0.113.2", "203.0.113.3"};

  NatAddressesTest() {
    nat = engine(LIMITS, NatBehaviour.GATEWAY, THREE);
  }

  private static String source(FlowKey outside) {
    return new Address(outside.srcHi, outside.srcLo).toString();
  }

  @Test
  void aClientHasOneAddressWhateverItSends() {
    for (int client = 0; client < 50; client++) {
      String home = source(outside(udp(5000, REMOTE, 1), client, 0));
      assertThat(source(outside(udp(5001, "198.51.100.1", 2), client, 0))).isEqualTo(home);
      assertThat(source(outside(tcp(5000, REMOTE, 80), client, Tcp.SYN))).isEqualTo(home);
      FlowKey other = Packets.key(Ip.UDP, "10.0.0.6", 5000, REMOTE, 1);
      assertThat(source(outside(other, client, 0))).isEqualTo(home);
      FlowKey echo = Packets.key(Ip.ICMP, HOST, 9, REMOTE, 9);
      assertThat(source(key(sent(Packets.echo(echo, true, 1), client)))).isEqualTo(home);
    }
  }

  @Test
  void clientsAreSpreadEvenly() {
    Map<String, Integer> clients = new HashMap<>();
    for (int client = 0; client < 300; client++) {
      clients.merge(source(outside(udp(5000, REMOTE, 1), client, 0)), 1, Integer::sum);
    }
    assertThat(clients).hasSize(3).allSatisfy((address, count) -> assertThat(count).isEqualTo(100));
  }

  @Test
  void answersToEachAddressReachTheirClient() {
    for (int client = 0; client < 30; client++) {
      FlowKey outside = outside(udp(5000, REMOTE, 1), client, 0);
      assertThat(in(new FlowKey().set(outside).reverse(), 0)).isEqualTo(client);
      for (String other : THREE) {
        FlowKey wrong = Packets.key(Ip.UDP, REMOTE, 1, other, outside.sport());
        if (!other.equals(source(outside))) {
          assertThat(in(wrong, 0)).isNotEqualTo(client);
        }
      }
    }
  }

  @Test
  void aClientStaysOnItsAddressWhenItsPortsRunOut() {
    nat = engine(new NatLimits(61000, 61003, 100, 100, 10), NatBehaviour.GATEWAY, THREE);
    String home = source(outside(udp(5000, REMOTE, 1), 1, 0));
    for (int i = 1; i < 4; i++) {
      assertThat(source(outside(udp(5000 + i, REMOTE, 1), 1, 0))).isEqualTo(home);
    }
    assertThat(out(udp(5004, REMOTE, 1), 1, 0)).isEqualTo(DropReason.NAT_FULL);
    String other = source(outside(udp(5000, REMOTE, 1), 2, 0));
    assertThat(other).as("another client").isNotEqualTo(home);
  }

  @Test
  void aClientWithoutMappingsMovesFromAnAddressThatIsFull() {
    nat = engine(new NatLimits(61000, 61000, 100, 100, 10), NatBehaviour.GATEWAY, THREE);
    String home = source(outside(udp(5000, REMOTE, 53), 1, 0));
    now += 60 * SECOND;
    expireAll();
    // Clients 2 to 4 take one address each, that of client 1 among them.
    for (int client = 2; client <= 3; client++) {
      outside(udp(5000, REMOTE, 1), client, 0);
    }
    String mine = source(outside(udp(5001, REMOTE, 1), 1, 0));
    assertThat(List.of(THREE)).contains(home, mine);
    assertThat(out(udp(5000, REMOTE, 1), 4, 0)).isEqualTo(DropReason.NAT_FULL);
  }

  @Test
  void anAddressThatGoesEndsItsSessionsOnly() {
    List<FlowKey> outside = new ArrayList<>();
    for (int client = 0; client < 3; client++) {
      outside.add(outside(udp(5000, REMOTE, 1), client, 0));
    }
    nat.setExternal(true, addresses(true, "203.0.113.9", THREE[0], THREE[2]));
    assertThat(nat.sessions()).isEqualTo(2);
    for (int client = 0; client < 3; client++) {
      boolean gone = source(outside.get(client)).equals(THREE[1]);
      assertThat(in(new FlowKey().set(outside.get(client)).reverse(), 0))
          .isEqualTo(gone ? -1 : client);
      String now = source(outside(udp(5000, REMOTE, 1), client, 0));
      assertThat(now.equals(source(outside.get(client)))).isEqualTo(!gone);
      assertThat(now).isNotEqualTo(THREE[1]);
    }
  }

  @Test
  void theSameAddressTwiceIsOne() {
    nat.setExternal(true, addresses(true, THREE[0], THREE[0]));
    assertThat(out(udp(5000, REMOTE, 1), 1, 0)).isNull();
    nat.setExternal(true, List.of());
    assertThat(nat.sessions()).isZero();
    assertThat(nat.hasExternal4()).isFalse();
    assertThat(out(udp(5000, REMOTE, 1), 1, 0)).isEqualTo(DropReason.NAT_FULL);
  }

  @Test
  void whatCannotBeAnExternalAddressIsRefusedAndChangesNothing() {
    out(udp(5000, REMOTE, 1), 1, 0);
    List<Address> many = new ArrayList<>();
    for (int i = 0; i <= NatAddresses.MAX; i++) {
      many.add(new Address(0, Address.parse("198.18.0.0").lo() + i));
    }
    for (List<Address> bad :
        List.of(List.of(Address.parse("2001:db8::1")), List.of(Address.parse("0.0.0.0")), many)) {
      assertThatThrownBy(() -> nat.setExternal(true, bad))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(nat.sessions()).isEqualTo(1);
  }
}
