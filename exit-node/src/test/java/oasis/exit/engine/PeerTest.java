// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PeerTest {
  @Test
  void aPeerIsAnEndpointPrefixesAndPerhapsAKey() {
    Peer plain = Peer.parse("berlin=192.0.2.7:4700");
    assertThat(plain.endpoint()).isEqualTo("192.0.2.7:4700");
    assertThat(plain.keyId()).isZero();
    assertThat(plain.prefixes()).isEmpty();
    Peer keyed = Peer.parse("b-2=[2001:db8::7]:1,as:12,203.0.113.0/24,2001:db8:9::/48");
    assertThat(keyed.endpoint()).isEqualTo("[2001:db8::7]:1");
    assertThat(keyed.keyId()).isEqualTo(12);
    assertThat(keyed.actsAsClient()).isTrue();
    assertThat(keyed.prefixes()).hasSize(2);
    assertThat(Peer.parse("x=192.0.2.7:4700,key:3").actsAsClient()).isFalse();
  }

  @Test
  void whatIsWrongIsSaid() {
    for (String bad :
        new String[] {
          "",
          "x",
          "x=",
          "=192.0.2.7:1",
          "X=192.0.2.7:1",
          "x=192.0.2.7",
          "x=192.0.2.7:0",
          "x=192.0.2.7:65536",
          "x=host:1",
          "x=0.0.0.0:1",
          "x=224.0.0.1:1",
          "x=192.0.2.7:1,",
          "x=192.0.2.7:1,key:0",
          "x=192.0.2.7:1,key:x",
          "x=192.0.2.7:1,key:1,as:2",
          "x=192.0.2.7:1,203.0.113.1/24"
        }) {
      assertThatThrownBy(() -> Peer.parse(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void peersThatCannotBeToldApartAreRefused() {
    assertClash("name a", "a=192.0.2.1:1", "a=192.0.2.2:1");
    assertClash("192.0.2.1:1", "a=192.0.2.1:1", "b=192.0.2.1:1");
    assertClash("key 3", "a=192.0.2.1:1,key:3", "b=192.0.2.2:1,as:3");
    assertClash(
        "prefix 203.0.113.0/24", "a=192.0.2.1:1,203.0.113.0/24", "b=192.0.2.2:1,203.0.113.0/24");
    Peer.check(
        List.of(
            Peer.parse("a=192.0.2.1:1,key:3,203.0.113.0/24"),
            Peer.parse("b=192.0.2.1:1,key:4,203.0.113.0/25")));
  }

  private static void assertClash(String what, String first, String second) {
    assertThatThrownBy(() -> Peer.check(List.of(Peer.parse(first), Peer.parse(second))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("another peer has " + what);
  }
}
