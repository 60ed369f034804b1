// SPDX-License-Identifier: Apache-2.0
package oasis.planetlab.engine;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import oasis.packet.Address;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Ip;
import oasis.packet.Tcp;
import oasis.tcp.Failure;
import oasis.tcp.PortConfig;
import oasis.tcp.PortEffects;
import oasis.tcp.PortInfo;
import oasis.tcp.WebPort;

/**
 * The web port in front of a client. Client and port call each other, and neither may be called
 * while it is at work; so what the client says while it is being given a packet is kept until that
 * is over, and so is what the port sends while the client is giving it one: {@link #settle} hands
 * both on. What finds no room to wait is dropped as a network would drop it, and counted. Confined
 * to the data loop.
 */
public final class PortEngine {
  /** Bytes of memory that it needs for packets of its own. */
  public static final int SCRATCH_BYTES = 1 << 20;

  private static final int QUERY_BYTES = 1 << 16;
  private static final int MOST_DEFERRED = 256;
  private static final int MOST_HELD = 1024;
  private static final int DNS_PORT = 53;

  /** What the engine asks its surroundings to do. */
  public interface Output {
    /** Sends a burst to a program; may keep it by reference until {@link #flush}. */
    void toProgram(Burst burst);

    /** Gives a burst to the client, as if a program had sent it. */
    void toClient(Burst burst, long nowNs);

    /** Sends what {@link #toProgram} has kept by reference. */
    void flushPrograms();

    /** Sends whatever has been kept by reference, and may call {@link #settle}. */
    void flush();

    /**
     * Whether the rules refuse connections to a host now.
     *
     * @param host a name, or the text of an address
     */
    boolean refuses(String host, int port);
  }

  private final Output output;
  private final WebPort web;
  private final Lookups lookups;
  private final Deque<Burst> deferred = new ArrayDeque<>();
  private final Burst[] held = new Burst[MOST_HELD];
  private final FlowKey key = new FlowKey();
  private int heldCount;
  private boolean givingClient;
  private boolean clientGives;
  private boolean flushing;
  private long dropped;
  private long nowNs;

  /**
   * @param servers name servers, none of them a loopback address
   * @param scratch big-endian memory of {@link #SCRATCH_BYTES}
   * @param address native address of its index 0, or 0 in tests
   */
  public PortEngine(
      PortConfig config, List<Address> servers, ByteBuffer scratch, long address, Output output) {
    this.output = output;
    for (int i = 0; i < MOST_HELD; i++) {
      held[i] = new Burst();
    }
    int packets = SCRATCH_BYTES - QUERY_BYTES;
    long queries = address == 0 ? 0 : address + packets;
    web = new WebPort(config, scratch.slice(0, packets), address, new Web());
    lookups =
        new Lookups(
            servers,
            config.inner4(),
            config.inner6(),
            config.seed() ^ QUERY_BYTES,
            scratch.slice(packets, QUERY_BYTES),
            queries,
            new Found());
  }

  /** A checked burst of a program to the port. */
  public void onProgram(Burst b, long nowNs) {
    this.nowNs = nowNs;
    web.onProgram(b, nowNs);
  }

  /** A burst that the client has for the programs. */
  public void onClient(Burst b, long nowNs) {
    this.nowNs = nowNs;
    if (givingClient) {
      if (deferred.size() < MOST_DEFERRED) {
        deferred.add(copy(b));
      } else {
        dropped++;
      }
      return;
    }
    clientGives = true;
    dispatch(b);
    clientGives = false;
    if (isReset(b)) {
      output.flushPrograms(); // the client writes its own packets one over the other
    }
  }

  private static boolean isReset(Burst b) {
    return b.protocol() == Ip.TCP && !b.fragment() && (Tcp.flags(b) & Tcp.RST) != 0;
  }

  private void dispatch(Burst b) {
    if (b.protocol() == Ip.UDP && !b.fragment() && key.of(b).sport() == DNS_PORT) {
      lookups.onAnswer(b, nowNs);
    } else {
      web.onServer(b, nowNs);
    }
  }

  /**
   * What the client says to a packet while it is given it: a reset or another refusal, or the
   * answer to a query for a name of a rule. They are small, and rare.
   */
  private static Burst copy(Burst b) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(b.length());
    bytes.put(0, b.buffer(), b.start(), b.headerBytes());
    int at = b.headerBytes();
    for (int i = 0; i < b.pieces(); i++) {
      bytes.put(at, b.buffer(), b.pieceStart(i), b.pieceBytes(i));
      at += b.pieceBytes(i);
    }
    Burst copy = new Burst();
    copy.check(bytes, 0, 0, at);
    return copy;
  }

  /** Does what had to wait; at the end of each batch, before anything is flushed. */
  public void settle(long nowNs) {
    if (flushing) {
      return; // the port is at work
    }
    this.nowNs = nowNs;
    release();
    for (Burst b = deferred.poll(); b != null; b = deferred.poll()) {
      if (isReset(b)) {
        refused(b);
      } else {
        dispatch(b);
      }
    }
  }

  /** No server has been asked: the client resets what no rule lets pass and nothing can carry. */
  private void refused(Burst b) {
    key.of(b);
    String server = new Address(key.srcHi, key.srcLo).toString();
    boolean denied = output.refuses(server, key.sport());
    web.onRefused(b, denied ? Failure.DENIED : Failure.UNREACHABLE, nowNs);
  }

  private void release() {
    for (int i = 0; i < heldCount; i++) {
      give(held[i]);
    }
    heldCount = 0;
  }

  private void give(Burst b) {
    givingClient = true;
    output.toClient(b, nowNs);
    givingClient = false;
  }

  private void send(Burst b) {
    if (!clientGives) {
      give(b);
    } else if (heldCount < MOST_HELD) {
      held[heldCount++].set(b);
    } else {
      dropped++;
    }
  }

  /** Does what is due. */
  public void onTimer(long nowNs) {
    this.nowNs = nowNs;
    web.onTimer(nowNs);
    lookups.onTimer(nowNs);
  }

  /** When {@link #onTimer} wants to be called; {@link Long#MAX_VALUE} for never. */
  public long nextDeadlineNs() {
    return Math.min(web.nextDeadlineNs(), lookups.nextDeadlineNs());
  }

  /** Packets that were dropped because too many waited for client or port. */
  public long dropped() {
    return dropped;
  }

  /** A snapshot of the port. */
  public PortInfo info() {
    return web.info();
  }

  private final class Web implements PortEffects {
    @Override
    public void toProgram(Burst burst) {
      output.toProgram(burst);
    }

    @Override
    public void toServer(Burst burst) {
      send(burst);
    }

    @Override
    public void resolve(long connection, String host, int port) {
      if (output.refuses(host, port)) {
        web.onUnresolved(connection, Failure.DENIED, nowNs);
      } else {
        lookups.begin(connection, host, nowNs);
      }
    }

    @Override
    public void flush() {
      if (clientGives) {
        dropped += heldCount; // their memory is about to be used again
        heldCount = 0;
        output.flushPrograms();
        return;
      }
      release();
      flushing = true;
      output.flush();
      flushing = false;
    }
  }

  private final class Found implements Lookups.Results {
    @Override
    public void found(long connection, List<Address> addresses) {
      web.onResolved(connection, addresses, nowNs);
    }

    @Override
    public void failed(long connection, Failure why) {
      web.onUnresolved(connection, why, nowNs);
    }

    @Override
    public void send(Burst query) {
      PortEngine.this.send(query);
    }
  }
}
