// SPDX-License-Identifier: Apache-2.0
package oasis.client.engine;

import java.nio.ByteBuffer;
import oasis.packet.DnsMessage;

/**
 * The answers of a DNS server by TCP, each behind its length in two bytes (RFC 1035 section 4.2.2,
 * RFC 7766 section 8). A message is held back only as long as nobody can say whether it will be
 * replaced: until its question is there, or, when that is about a name of ours, until all of it is.
 * All other bytes pass as they come. Confined to the data loop.
 */
final class DnsMessages {
  private static final int LENGTH_BYTES = 2;
  private static final int MAX_BYTES = 65_535;

  /** Bytes of the longest answer behind its length. */
  static final int SCRATCH_BYTES = LENGTH_BYTES + MAX_BYTES;

  private final ByteQueue held;
  private final ByteQueue out;
  private final DnsAnswers answers;
  private final ByteBuffer scratch;

  /** Bytes of the present message that still pass unread. */
  private int passing;

  /**
   * @param out gets what the program is to read
   * @param scratch memory for one answer, {@link #SCRATCH_BYTES} long
   */
  DnsMessages(ByteQueue.Budget budget, ByteQueue out, DnsAnswers answers, ByteBuffer scratch) {
    held = new ByteQueue(budget);
    this.out = out;
    this.answers = answers;
    this.scratch = scratch;
  }

  /** Bytes that are held back. */
  int held() {
    return held.size();
  }

  /** Takes bytes of the server; false when memory has run out. */
  boolean add(ByteBuffer from, int at, int bytes, Policy policy, long nowNs) {
    return held.add(from, at, bytes) && drain(policy, nowNs);
  }

  /** The server sends no more: half a message that is about a name of ours is left out. */
  boolean end(Policy policy) {
    boolean stored = true;
    if (held.size() > 0 && !concerns(held.size() - LENGTH_BYTES, policy)) {
      stored = out.add(held.memory(), held.start(), held.size());
    }
    held.clear();
    return stored;
  }

  /** Forgets all and gives the memory back. */
  void clear() {
    passing = 0;
    held.clear();
  }

  private boolean drain(Policy policy, long nowNs) {
    boolean stored = true;
    while (stored && held.size() > 0) {
      if (passing > 0) {
        stored = pass();
        continue;
      }
      if (held.size() < LENGTH_BYTES) {
        return true;
      }
      int bytes = held.memory().getShort(held.start()) & 0xffff;
      int there = Math.min(bytes, held.size() - LENGTH_BYTES);
      if (there < Math.min(bytes, DnsMessage.MAX_QUESTION_END)) {
        return true;
      }
      if (!concerns(there, policy)) {
        passing = LENGTH_BYTES + bytes;
      } else if (there < bytes) {
        return true;
      } else {
        stored = judge(bytes, policy, nowNs);
      }
    }
    return stored;
  }

  private boolean concerns(int there, Policy policy) {
    return answers.concerns(held.memory(), held.start() + LENGTH_BYTES, there, policy);
  }

  private boolean pass() {
    int bytes = Math.min(passing, held.size());
    boolean stored = out.add(held.memory(), held.start(), bytes);
    held.drop(bytes);
    passing -= bytes;
    return stored;
  }

  private boolean judge(int bytes, Policy policy, long nowNs) {
    int reply =
        answers.replace(
            held.memory(),
            held.start() + LENGTH_BYTES,
            bytes,
            policy,
            nowNs,
            scratch,
            LENGTH_BYTES,
            MAX_BYTES);
    if (reply == DnsAnswers.UNFIT) {
      reply = answers.failure(scratch, LENGTH_BYTES);
    }
    if (reply == DnsAnswers.PASS) {
      passing = LENGTH_BYTES + bytes;
      return true;
    }
    scratch.putShort(0, (short) reply);
    boolean stored = out.add(scratch, 0, LENGTH_BYTES + reply);
    held.drop(LENGTH_BYTES + bytes);
    return stored;
  }
}
