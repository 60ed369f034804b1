// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import oasis.packet.Ip;
import oasis.packet.Tcp;
import org.jspecify.annotations.Nullable;

/** What the reference model knows of a flow. */
final class ModelFlow {
  private static final long SECOND_NS = EngineRig.SECOND_NS;

  final ModelKey key;
  final String real;

  /** What the fake stands for, or null without one. */
  final ModelPool.@Nullable Fake fake;

  /** Index of its carrier, or {@link ModelClient#REMOVED}. */
  int carrier;

  final long bornNs;
  long lastNs;
  int out;
  int in;
  int lastAck;

  /** What the network saw of the program's last packet. */
  @Nullable ModelKey wire;

  long wireNs;
  private boolean established;
  private boolean finOut;
  private boolean finIn;
  private boolean reset;

  ModelFlow(ModelKey key, String real, ModelPool.@Nullable Fake fake, int carrier, long nowNs) {
    this.key = key;
    this.real = real;
    this.fake = fake;
    this.carrier = carrier;
    bornNs = nowNs;
    lastNs = nowNs;
  }

  /** Its first segment was sent again, which happens once. */
  boolean repeated;

  /** Its carrier died. */
  void end() {
    reset = true;
  }

  /** Whether the segment that began it may have been swallowed, and is sent again. */
  boolean isAttempt(long nowNs) {
    return key.tcp()
        && !repeated
        && in == 0
        && lastAck == 0
        && !closed()
        && nowNs - bornNs <= 3 * SECOND_NS;
  }

  /** The program sent a packet. */
  void sent(int flags, int ack, long nowNs) {
    out++;
    lastNs = nowNs;
    if (key.tcp() && (flags & Tcp.ACK) != 0) {
      lastAck = ack;
    }
    follow(flags, true);
  }

  /** The program got a packet. */
  void got(int flags, long nowNs) {
    in++;
    lastNs = nowNs;
    follow(flags, false);
  }

  private void follow(int flags, boolean outbound) {
    if (!key.tcp()) {
      return;
    }
    if ((flags & Tcp.RST) != 0) {
      reset = true;
    } else if ((flags & (Tcp.SYN | Tcp.ACK)) == Tcp.SYN) {
      established = false;
      finOut = false;
      finIn = false;
      reset = false;
    } else if ((flags & Tcp.SYN) != 0) {
      established = true;
    } else if ((flags & Tcp.FIN) != 0) {
      finOut |= outbound;
      finIn |= !outbound;
    } else if (!outbound) {
      established = true;
    }
  }

  boolean closed() {
    return reset || finOut && finIn;
  }

  /** May make room for another flow when the table is full. */
  boolean dispensable(long nowNs) {
    boolean idle = nowNs - lastNs > 10 * SECOND_NS;
    return closed() || idle && (in == 0 || !key.tcp());
  }

  /** When its silence has lasted long enough to forget it. */
  long dueNs() {
    int seconds;
    if (key.tcp()) {
      seconds = closed() ? 10 : established && !finOut && !finIn ? 7_440 : 240;
    } else if (key.protocol() == Ip.UDP) {
      seconds = key.dport() == 53 ? 20 : 300;
    } else {
      seconds = 60;
    }
    return lastNs + seconds * SECOND_NS;
  }

  @Override
  public String toString() {
    return key.listed() + " as " + real + " by " + carrier;
  }
}
