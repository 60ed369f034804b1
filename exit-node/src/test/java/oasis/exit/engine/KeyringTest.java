// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import oasis.packet.DropReason;
import oasis.packet.SealedRun;
import oasis.packet.Sealer;
import oasis.packet.SharedKey;
import oasis.packet.SharedKey.Role;
import oasis.packet.Trailer;
import oasis.packet.TrailerMac;
import oasis.testkit.Gen;
import org.junit.jupiter.api.Test;

class KeyringTest {
  private static final SharedKey ALICE = new SharedKey(7, new Gen(1).bytes(32), "alice");
  private static final SharedKey BOB = new SharedKey(900, new Gen(2).bytes(32), "bob");
  private static final int BAD = SealedRun.Opener.refused(DropReason.BAD_TAG);
  private static final int REPLAYED = SealedRun.Opener.refused(DropReason.REPLAYED);

  private final TrailerMac mac = new TrailerMac();
  private final Keyring keyring = new Keyring();

  private int open(Sealer sealer) {
    ByteBuffer keepAlive = ByteBuffer.allocate(Trailer.BYTES);
    sealer.seal(keepAlive, 0);
    return keyring.open(keepAlive, 0, Trailer.BYTES);
  }

  private Sealer sealer(SharedKey key, Role role, long counter) {
    return new Sealer(key, role, counter, mac);
  }

  @Test
  void eachKeyOpensWhatItsClientSealed() {
    List<SharedKey> keys = new ArrayList<>(List.of(BOB, ALICE));
    for (int i = 1_000; i > 900; i--) {
      keys.add(new SharedKey(i, new Gen(i).bytes(32), ""));
    }
    keyring.set(keys, Set.of(), 1);
    assertThat(keyring.size()).isEqualTo(102);
    for (SharedKey key : keys) {
      assertThat(open(sealer(key, Role.CLIENT, 1))).isEqualTo(key.id());
      assertThat(open(sealer(key, Role.NODE, 2))).as("its own direction").isEqualTo(BAD);
    }
    SharedKey unknown = new SharedKey(8, new Gen(3).bytes(32), "");
    assertThat(open(sealer(unknown, Role.CLIENT, 1))).isEqualTo(BAD);
    SharedKey forged = new SharedKey(7, new Gen(3).bytes(32), "");
    assertThat(open(sealer(forged, Role.CLIENT, 9))).isEqualTo(BAD);
    assertThat(keyring.name(7)).isEqualTo("alice");
    assertThat(keyring.name(8)).isEmpty();
    assertThat(keyring.sealer(8)).isNull();
  }

  @Test
  void aNodeMayTakeTheClientsPartOfAKey() {
    keyring.set(List.of(ALICE, BOB), Set.of(7), 1);
    assertThat(open(sealer(ALICE, Role.NODE, 1))).isEqualTo(7);
    assertThat(open(sealer(ALICE, Role.CLIENT, 2))).isEqualTo(BAD);
    assertThat(open(sealer(BOB, Role.CLIENT, 1))).isEqualTo(900);
  }

  @Test
  void aKeyThatStaysKeepsItsWindowAndItsCounter() {
    keyring.set(List.of(ALICE), Set.of(), 1);
    Sealer before = keyring.sealer(7);
    assertThat(open(sealer(ALICE, Role.CLIENT, 50))).isEqualTo(7);
    keyring.set(List.of(BOB, ALICE), Set.of(), 2);
    assertThat(open(sealer(ALICE, Role.CLIENT, 50))).isEqualTo(REPLAYED);
    assertThat(keyring.sealer(7)).isSameAs(before);
    keyring.set(List.of(new SharedKey(7, new Gen(1).bytes(32), "laptop")), Set.of(), 2);
    assertThat(keyring.name(7)).isEqualTo("laptop");
    assertThat(open(sealer(ALICE, Role.CLIENT, 50))).as("renamed").isEqualTo(REPLAYED);
    keyring.set(List.of(BOB), Set.of(), 3);
    assertThat(open(sealer(ALICE, Role.CLIENT, 51))).isEqualTo(BAD);
    assertThat(keyring.isEmpty()).isFalse();
  }

  @Test
  void aDatagramWithoutATrailerIsPlain() {
    keyring.set(List.of(ALICE), Set.of(), 1);
    assertThat(keyring.open(ByteBuffer.allocate(40), 0, 40)).isEqualTo(SealedRun.Opener.PLAIN);
  }
}
