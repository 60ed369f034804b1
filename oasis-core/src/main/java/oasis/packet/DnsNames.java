// SPDX-License-Identifier: Apache-2.0
package oasis.packet;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Domain names on the wire (RFC 1035 sections 3.1 and 4.1.4) and as text. */
final class DnsNames {
  static final int MAX_BYTES = 255;
  static final int MAX_LABEL = 63;

  private static final int POINTER = 0xc0;

  /** As many labels as a name can have; so a walk over all names of a message stays short. */
  private static final int MAX_JUMPS = 127;

  private DnsNames() {}

  /**
   * Reads a name.
   *
   * @param message index of the message, which pointers count from
   * @param at index of the name
   * @param end index behind the message
   * @param text gets the name, lower-case, without the final dot; null to skip the name
   * @return index behind the name where it stands, or -1 when it is malformed
   */
  static int read(ByteBuffer b, int message, int at, int end, @Nullable StringBuilder text) {
    int pos = at;
    int behind = -1;
    // A pointer must lead to before the part that holds it: each jump shrinks this, so it ends.
    int part = at;
    int bytes = 1;
    int jumps = 0;
    while (pos < end) {
      int length = b.get(pos) & 0xff;
      if (length == 0) {
        return behind < 0 ? pos + 1 : behind;
      }
      if (length >= POINTER) {
        if (pos + 2 > end || ++jumps > MAX_JUMPS) {
          return -1;
        }
        int target = message + (b.getShort(pos) & 0x3fff);
        if (target >= part || target < message + DnsMessage.HEADER_BYTES) {
          return -1;
        }
        behind = behind < 0 ? pos + 2 : behind;
        part = target;
        pos = target;
        continue;
      }
      bytes += length + 1;
      if (length > MAX_LABEL || bytes > MAX_BYTES || pos + 1 + length > end) {
        return -1;
      }
      if (text != null) {
        appendLabel(b, pos + 1, length, text);
      }
      pos += 1 + length;
    }
    return -1;
  }

  private static void appendLabel(ByteBuffer b, int at, int length, StringBuilder text) {
    if (!text.isEmpty()) {
      text.append('.');
    }
    for (int i = at; i < at + length; i++) {
      int c = b.get(i) & 0xff;
      if (c >= 'A' && c <= 'Z') {
        text.append((char) (c + 'a' - 'A'));
      } else if (c > ' ' && c < 127 && c != '.' && c != '\\') {
        text.append((char) c);
      } else {
        text.append('\\');
        text.append((char) ('0' + c / 100));
        text.append((char) ('0' + c / 10 % 10));
        text.append((char) ('0' + c % 10));
      }
    }
  }

  /**
   * Writes a name uncompressed.
   *
   * @param name as {@link #read} gives it
   * @param end index behind the memory that may be written
   * @return index behind the name, or -1 when it is not a name or does not fit
   */
  static int write(String name, ByteBuffer out, int at, int end) {
    int label = at;
    int pos = at + 1;
    int i = 0;
    while (i < name.length()) {
      char c = name.charAt(i++);
      int value = c;
      if (c == '.') {
        if (!closeLabel(out, label, pos)) {
          return -1;
        }
        label = pos++;
        continue;
      }
      if (c == '\\') {
        if (i + 3 > name.length() || !name.substring(i, i + 3).matches("[0-2][0-9]{2}")) {
          return -1;
        }
        value = Integer.parseInt(name.substring(i, i + 3));
        i += 3;
      }
      if (value > 255 || pos >= end || pos - at >= MAX_BYTES) {
        return -1;
      }
      out.put(pos++, (byte) value);
    }
    if (!name.isEmpty()) {
      if (!closeLabel(out, label, pos)) {
        return -1;
      }
      label = pos++;
    }
    if (pos > end || pos - at > MAX_BYTES) {
      return -1;
    }
    out.put(label, (byte) 0);
    return pos;
  }

  private static boolean closeLabel(ByteBuffer out, int label, int pos) {
    int length = pos - label - 1;
    if (length < 1 || length > MAX_LABEL) {
      return false;
    }
    out.put(label, (byte) length);
    return true;
  }
}
