// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.jmh;

/** What one operation of a benchmark carries. */
public enum Shape {
  /** 45 full TCP segments, as TSO and UDP_GRO give them. */
  TCP_BURST(45, 1_340),
  /** 45 full UDP datagrams, as USO and UDP_GRO give them. */
  UDP_BURST(45, 1_340),
  /** One small TCP segment. */
  SINGLE(1, 100);

  final int packets;
  final int payloadBytes;

  Shape(int packets, int payloadBytes) {
    this.packets = packets;
    this.payloadBytes = payloadBytes;
  }
}
