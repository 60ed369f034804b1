// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

/** Who sent the datagrams that are handled now. Confined to the data loop. */
final class Sender {
  private int keyId;
  private long hi;
  private long lo;
  private int port;

  /**
   * @param ofKey number of the key by which they are sealed, 0 for none
   */
  void set(int ofKey, long addressHi, long addressLo, int udpPort) {
    keyId = ofKey;
    hi = addressHi;
    lo = addressLo;
    port = udpPort;
  }

  int keyId() {
    return keyId;
  }

  long hi() {
    return hi;
  }

  long lo() {
    return lo;
  }

  int port() {
    return port;
  }

  /** Its slot, or {@link Clients#NONE}. */
  int find(Clients clients) {
    return clients.find(keyId, hi, lo, port);
  }

  /** Takes it in; its slot, or {@link Clients#NONE}. */
  int add(Clients clients) {
    return clients.add(keyId, hi, lo, port);
  }
}
