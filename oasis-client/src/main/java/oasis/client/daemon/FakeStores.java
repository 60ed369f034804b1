// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.io.IOException;
import java.nio.file.Path;
import oasis.flow.FakePool;
import oasis.io.DataLoop;
import oasis.os.OsException;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * The fake addresses of both families; for a family that has none there is a pool all the same,
 * which gives none out. Opened by the thread that starts the client, then confined to the data
 * loop.
 */
final class FakeStores implements AutoCloseable {
  private final @Nullable FakeStore v4;
  private final @Nullable FakeStore v6;
  private final FakePool pool4;
  private final FakePool pool6;

  private FakeStores(
      @Nullable FakeStore v4, @Nullable FakeStore v6, ClientNetworkConfig network, long seed) {
    this.v4 = v4;
    this.v6 = v6;
    pool4 = v4 == null ? empty(network.fakeRange(), seed) : v4.pool();
    pool6 = v6 == null ? empty(ClientNetworkConfig.DEFAULT_FAKE_RANGE6, seed) : v6.pool();
  }

  private static FakePool empty(String range, long seed) {
    return new FakePool(Prefix.parse(range), seed, record -> false, () -> 0);
  }

  /** Gives no addresses out, and keeps no files. */
  static FakeStores none(ClientNetworkConfig network) {
    return new FakeStores(null, null, network, 0);
  }

  /** Reads what an earlier run gave out. */
  static FakeStores open(Path stateDirectory, ClientNetworkConfig network)
      throws OsException, IOException {
    long seed = Packets.secret();
    long nowNs = System.nanoTime();
    Path journal4 = stateDirectory.resolve(FakeJournal.NAME4);
    FakeStore v4 = FakeStore.open(journal4, Prefix.parse(network.fakeRange()), seed, nowNs);
    String range6 = network.fakeRange6();
    if (range6 == null) {
      return new FakeStores(v4, null, network, seed);
    }
    try {
      Path journal6 = stateDirectory.resolve(FakeJournal.NAME6);
      FakeStore v6 = FakeStore.open(journal6, Prefix.parse(range6), seed, nowNs);
      return new FakeStores(v4, v6, network, seed);
    } catch (OsException e) {
      v4.close();
      throw e;
    }
  }

  FakePool pool4() {
    return pool4;
  }

  FakePool pool6() {
    return pool6;
  }

  /** How many fake addresses there may be. */
  int capacity() {
    return (v4 == null ? 0 : pool4.capacity()) + (v6 == null ? 0 : pool6.capacity());
  }

  /** Lets the loop keep the journals short. */
  void join(DataLoop loop) {
    if (v4 != null) {
      loop.add(v4);
    }
    if (v6 != null) {
      loop.add(v6);
    }
  }

  @Override
  public void close() {
    if (v4 != null) {
      v4.close();
    }
    if (v6 != null) {
      v6.close();
    }
  }
}
