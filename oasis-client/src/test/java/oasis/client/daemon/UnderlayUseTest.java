// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import oasis.client.daemon.Underlay.Addresses;
import oasis.flow.NatEngine;
import oasis.flow.NatLimits;
import oasis.os.OsException;
import oasis.packet.Address;
import org.junit.jupiter.api.Test;

final class UnderlayUseTest {
  private static final Addresses HOME = addresses("192.0.2.7", "2001:db8::7");
  private static final Addresses AWAY = addresses("198.51.100.7", "2001:db8::7");
  private static final int[] PARTS = {3};

  private final NatEngine nat = new NatEngine(new NatLimits(61_000, 61_009, 16, 16, 1), 1);
  private final List<String> moves = new ArrayList<>();
  private final List<String> filters = new ArrayList<>();
  private boolean refuses;
  private final UnderlayUse use = new UnderlayUse(this::filter, HOME, PARTS);

  UnderlayUseTest() {
    HOME.give(nat);
  }

  private static Addresses addresses(String v4, String v6) {
    return new Addresses(Optional.of(Address.parse(v4)), Optional.of(Address.parse(v6)));
  }

  private void filter(List<Address> local, int[] excluded) throws OsException {
    filters.add(local + " but " + excluded.length);
    if (refuses) {
      throw new OsException("no memory");
    }
  }

  private void follow(Addresses now, int... parts) {
    use.follow(now, parts, Runnable::run, nat, (v4, v6) -> moves.add(v4 + " " + v6));
  }

  @Test
  void anAddressThatIsGoneForAMomentStaysInUse() {
    follow(Addresses.NONE, PARTS);
    assertThat(use.used()).isEqualTo(HOME);
    assertThat(nat.hasExternal4()).isTrue();
    assertThat(nat.hasExternal6()).as("nothing new goes by IPv6").isFalse();
    follow(HOME, PARTS);
    assertThat(nat.hasExternal6()).isTrue();
    assertThat(moves).containsOnly("false false");
  }

  @Test
  void anotherAddressAfterNoneHasMoved() {
    follow(Addresses.NONE, PARTS);
    follow(AWAY, PARTS);
    assertThat(moves).last().isEqualTo("true false");
    assertThat(filters).last().isEqualTo("[198.51.100.7, 2001:db8::7] but 1");
  }

  @Test
  void aHostThatStaysTheSameCostsNothing() {
    follow(HOME, PARTS);
    assertThat(moves).isEmpty();
    assertThat(filters).isEmpty();
  }

  @Test
  void aFilterThatCannotBeReplacedStaysAndIsTriedAgain() {
    refuses = true;
    follow(HOME, 3, 4);
    assertThat(nat.hasExternal4()).isTrue();
    assertThat(nat.hasExternal6()).isTrue();
    follow(HOME, 3, 4);
    assertThat(filters).hasSize(2);
    refuses = false;
    follow(HOME, 3, 4);
    follow(HOME, 3, 4);
    assertThat(filters).hasSize(3);
  }

  @Test
  void anAddressThatTheFilterDoesNotTakePacketsForIsNotUsedUntilItDoes() {
    refuses = true;
    follow(AWAY, PARTS);
    assertThat(nat.hasExternal4()).as("no answer would arrive").isFalse();
    assertThat(nat.hasExternal6()).as("its answers do").isTrue();
    refuses = false;
    follow(AWAY, PARTS);
    assertThat(nat.hasExternal4()).isTrue();
    assertThat(moves).containsExactly("true false", "false false");
  }
}
