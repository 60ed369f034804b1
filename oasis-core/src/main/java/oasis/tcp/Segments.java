// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import java.nio.ByteBuffer;
import oasis.packet.Burst;
import oasis.packet.FlowKey;
import oasis.packet.Replies;
import oasis.packet.Tcp;
import oasis.packet.TcpFrame;

/**
 * Writes the packets that the engine authors, one behind the other, into memory that is used again
 * only after what lies there has been sent.
 */
final class Segments {
  private static final int MAX_HEADERS = 128;

  private final ByteBuffer memory;
  private final long address;
  private final PortEffects effects;
  private final Burst burst = new Burst();
  private int at;

  Segments(ByteBuffer memory, long address, PortEffects effects) {
    this.memory = memory;
    this.address = address;
    this.effects = effects;
  }

  /** Where so many bytes may be written. */
  private int room(int bytes) {
    if (at + bytes > memory.capacity()) {
      effects.flush();
      at = 0;
    }
    return at;
  }

  /**
   * Sends a segment without options.
   *
   * @param key the 5-tuple in the direction in which it goes
   * @param window as it stands in the header
   */
  void send(
      boolean toServer,
      FlowKey key,
      int seq,
      int ack,
      int flags,
      int window,
      byte[] data,
      int from,
      int bytes) {
    int start = room(MAX_HEADERS + bytes);
    memory.put(start + TcpFrame.headerBytes(key), data, from, bytes);
    emit(toServer, TcpFrame.write(key, memory, start, seq, ack, flags, window, bytes));
  }

  /** Sends a segment without payload. */
  void send(boolean toServer, FlowKey key, int seq, int ack, int flags, int window) {
    int start = room(MAX_HEADERS);
    emit(toServer, TcpFrame.write(key, memory, start, seq, ack, flags, window, 0));
  }

  /** Sends a SYN or SYN-ACK; see {@link TcpFrame#writeSyn}. */
  void sendSyn(
      boolean toServer,
      FlowKey key,
      int seq,
      int ack,
      int window,
      int maxSegment,
      int scale,
      boolean sack) {
    int start = room(MAX_HEADERS);
    int flags = toServer ? Tcp.SYN : Tcp.SYN | Tcp.ACK;
    emit(
        toServer,
        TcpFrame.writeSyn(key, memory, start, seq, ack, flags, window, maxSegment, scale, sack));
  }

  /** Answers a segment of no connection with a reset (RFC 9293 section 3.10.7.1). */
  void reset(boolean toServer, Burst about) {
    int start = room(Replies.MAX_BYTES);
    emit(toServer, Replies.tcpReset(about, memory, start));
  }

  /** Sends a burst with another family's header, in one part or two. */
  void sendRebuilt(boolean toServer, Burst b, FlowKey key) {
    int payload = b.payloadBytes();
    int part = payload;
    if (payload + MAX_HEADERS > 0xffff && b.segmentBytes() > 0) {
      part = b.segments() / 2 * b.segmentBytes();
    }
    for (int from = 0; from == 0 || from < payload; from += part) {
      int bytes = Math.min(part, payload - from);
      int start = room(MAX_HEADERS + bytes);
      TcpFrame.rebuild(b, key, from, bytes, memory, address, start, burst);
      at = start + (burst.length() + 7 & ~7);
      hand(toServer);
      if (payload == 0) {
        return;
      }
    }
  }

  private void emit(boolean toServer, int bytes) {
    if (bytes > 0 && burst.check(memory, address, at, bytes) == null) {
      at += bytes + 7 & ~7;
      hand(toServer);
    }
  }

  private void hand(boolean toServer) {
    if (toServer) {
      effects.toServer(burst);
    } else {
      effects.toProgram(burst);
    }
  }
}
