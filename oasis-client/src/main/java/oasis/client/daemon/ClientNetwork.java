// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.List;
import oasis.os.CommandRunner;
import oasis.os.NftOwner;
import oasis.os.OsException;

/**
 * The client's state in the operating system, as desired state: nftables rules that mark packets,
 * policy routing that leads marked packets and fake addresses into the TUN device, and kernel
 * settings. Confined to one thread.
 */
public final class ClientNetwork implements AutoCloseable {
  /** Bit of packet marks and connection marks that says: into the TUN device. */
  public static final int CAPTURE_MARK = 0x1000_0000;

  /** Bit of the marks of our own sockets (SO_MARK): never into the TUN device. */
  public static final int EXEMPT_MARK = 0x2000_0000;

  /** Number of the routing table, and priority of the ip rule that leads to it. */
  public static final int TABLE = 4710;

  /** Starts the process that holds the nftables table. */
  @FunctionalInterface
  public interface Holder {
    /** A new holder, in the network namespace of the commands. */
    NftOwner open() throws OsException;
  }

  /**
   * Nothing is changed before {@link #apply}.
   *
   * @param runner runs {@code ip} and {@code sysctl} in the client's network namespace
   * @param holder starts {@code nft} there
   */
  public ClientNetwork(CommandRunner runner, Holder holder) {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Makes the state so; may be repeated at any time, also to repair what another program removed.
   *
   * @throws OsException in one line, when the fake range collides with a route of the host or the
   *     system refuses a step; the state is then undone
   */
  public void apply(ClientNetworkConfig config) throws OsException {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Undoes everything but the unreachable route of the fake range, which keeps programs that hold
   * fake addresses from using the default gateway, until {@link #cleanUp}.
   */
  @Override
  public void close() {
    throw new UnsupportedOperationException("being written");
  }

  /**
   * Removes whatever an earlier client left behind, also after a crash; the state of a client that
   * still lives must be closed first.
   *
   * @return what was removed, one line each; empty if there was nothing
   */
  public static List<String> cleanUp(CommandRunner runner, ClientNetworkConfig config)
      throws OsException {
    throw new UnsupportedOperationException("being written");
  }
}
