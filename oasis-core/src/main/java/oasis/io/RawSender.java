// SPDX-License-Identifier: Apache-2.0
package oasis.io;

import oasis.os.OsException;
import oasis.packet.Burst;

/**
 * Sends IP packets with the addresses they have, by the routes of the host, as fast as the host
 * lets it: through a packet socket that takes whole bursts where the next hop is known, else
 * through raw sockets. Confined to the data loop.
 */
public final class RawSender implements RawPort {
  /** By which sockets packets may leave. */
  public enum Way {
    /** By the packet socket where it can be, else by raw sockets. */
    AUTO,
    /** As AUTO; says that the packet socket is wanted. */
    PACKET,
    /** By raw sockets only. */
    RAW
  }

  private final Way way;
  private final LinuxRawPort raw;

  private RawSender(Way way, LinuxRawPort raw) {
    this.way = way;
    this.raw = raw;
  }

  /**
   * Opens the sockets in the network namespace of the calling thread. CAP_NET_RAW is enough.
   *
   * @param way which sockets may be used
   * @param mark firewall mark of what is sent (SO_MARK), by which it is also routed; 0 for none
   */
  public static RawSender open(Way way, int mark) throws OsException {
    return new RawSender(way, LinuxRawPort.open(mark));
  }

  /** Lets a loop tell this port what changes in the host's routes; before it sends anything. */
  public void join(DataLoop loop) {}

  /** Which sockets are used, for the log: {@code packet socket with GSO} or {@code raw sockets}. */
  public String description() {
    return way == Way.RAW ? "raw sockets only" : "raw sockets";
  }

  @Override
  public int add(Burst burst) {
    return raw.add(burst);
  }

  @Override
  public void flush() {
    raw.flush();
  }

  @Override
  public PortCounters counters() {
    return raw.counters();
  }

  @Override
  public void close() {
    raw.close();
  }
}
