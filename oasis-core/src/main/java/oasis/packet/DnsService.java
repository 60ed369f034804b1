// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;

/**
 * Service bindings, the data of SVCB and HTTPS records (RFC 9460 section 2.2): priority, target
 * name, then parameters of key, length and value in the order of their keys. Some of them are
 * addresses, which must not get past a fake.
 */
final class DnsService {
  private static final int MANDATORY = 0;
  private static final int IPV4_HINT = 4;
  private static final int IPV6_HINT = 6;

  private DnsService() {}

  /**
   * Copies the data of a record without its addresses. The target of the copy is the name that owns
   * it, written as the root (section 2.5.2).
   *
   * @param answer stands on the record
   * @param end index behind the memory that may be written
   * @return index behind the copy; -1 when it does not fit, is malformed, is an alias, or leads to
   *     another name, of which nobody knows whether a rule matches it
   */
  static int copy(DnsMessage answer, ByteBuffer out, int at, int end) {
    ByteBuffer m = answer.buffer();
    int from = answer.dataStart();
    int behind = from + answer.dataBytes();
    StringBuilder target = new StringBuilder();
    int params =
        behind - from < 3 ? -1 : DnsNames.read(m, answer.start(), from + 2, behind, target);
    boolean alias = params >= 0 && m.getShort(from) == 0;
    if (params < 0 || alias || at + behind - from > end || !leadsHome(answer, target.toString())) {
      return -1;
    }
    out.putShort(at, m.getShort(from));
    out.put(at + 2, (byte) 0);
    return params(m, params, behind, out, at + 3);
  }

  private static boolean leadsHome(DnsMessage answer, String target) {
    return target.isEmpty() || target.equals(answer.recordName()) || target.equals(answer.name());
  }

  private static int params(ByteBuffer m, int from, int behind, ByteBuffer out, int at) {
    int pos = at;
    int last = -1;
    int i = from;
    while (i < behind) {
      if (i + 4 > behind) {
        return -1;
      }
      int key = m.getShort(i) & 0xffff;
      int bytes = m.getShort(i + 2) & 0xffff;
      if (key <= last || i + 4 + bytes > behind || key == MANDATORY && (bytes & 1) != 0) {
        return -1;
      }
      if (key == MANDATORY) {
        pos = mandatory(m, i + 4, bytes, out, pos);
      } else if (!isHint(key)) {
        out.put(pos, m, i, 4 + bytes);
        pos += 4 + bytes;
      }
      last = key;
      i += 4 + bytes;
    }
    return pos;
  }

  /** The list of keys that a program must understand, without those that are gone. */
  private static int mandatory(ByteBuffer m, int from, int bytes, ByteBuffer out, int at) {
    int pos = at + 4;
    for (int i = from; i < from + bytes; i += 2) {
      int key = m.getShort(i) & 0xffff;
      if (!isHint(key)) {
        out.putShort(pos, (short) key);
        pos += 2;
      }
    }
    if (pos == at + 4) {
      return at;
    }
    out.putShort(at, (short) MANDATORY);
    out.putShort(at + 2, (short) (pos - at - 4));
    return pos;
  }

  private static boolean isHint(int key) {
    return key == IPV4_HINT || key == IPV6_HINT;
  }
}
