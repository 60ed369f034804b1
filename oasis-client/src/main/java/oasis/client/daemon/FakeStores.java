// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.nio.file.Path;
import oasis.flow.FakePool;
import oasis.io.DataLoop;
import oasis.os.OsException;
import oasis.packet.Prefix;
import org.jspecify.annotations.Nullable;

/**
 * The fake addresses of both families; without IPv6 there is a pool of them all the same, which
 * gives none out. Opened by the thread that starts the client, then confined to the data loop.
 */
final class FakeStores implements AutoCloseable {
  private final FakeStore v4;
  private final @Nullable FakeStore v6;
  private final FakePool pool6;

  private FakeStores(FakeStore v4, @Nullable FakeStore v6, FakePool pool6) {
    this.v4 = v4;
    this.v6 = v6;
    this.pool6 = pool6;
  }

  /** Reads what an earlier run gave out. */
  static FakeStores open(Path stateDirectory, ClientNetworkConfig network, long seed)
      throws OsException {
    long nowNs = System.nanoTime();
    Path journal4 = stateDirectory.resolve(FakeJournal.NAME4);
    FakeStore v4 = FakeStore.open(journal4, Prefix.parse(network.fakeRange()), seed, nowNs);
    String range6 = network.fakeRange6();
    if (range6 == null) {
      Prefix unused = Prefix.parse(ClientNetworkConfig.DEFAULT_FAKE_RANGE6);
      return new FakeStores(v4, null, new FakePool(unused, seed, record -> false, () -> 0));
    }
    try {
      Path journal6 = stateDirectory.resolve(FakeJournal.NAME6);
      FakeStore v6 = FakeStore.open(journal6, Prefix.parse(range6), seed, nowNs);
      return new FakeStores(v4, v6, v6.pool());
    } catch (OsException e) {
      v4.close();
      throw e;
    }
  }

  FakePool pool4() {
    return v4.pool();
  }

  FakePool pool6() {
    return pool6;
  }

  /** How many fake addresses there may be. */
  int capacity() {
    return v4.pool().capacity() + (v6 == null ? 0 : pool6.capacity());
  }

  /** Lets the loop keep the journals short. */
  void join(DataLoop loop) {
    loop.add(v4);
    if (v6 != null) {
      loop.add(v6);
    }
  }

  @Override
  public void close() {
    v4.close();
    if (v6 != null) {
      v6.close();
    }
  }
}
