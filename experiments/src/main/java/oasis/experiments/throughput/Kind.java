// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.throughput;

/** What is measured on a path. */
enum Kind {
  TCP_UP,
  TCP_DOWN,
  UDP_UP,
  RTT,
  LONE,
  CPU,
  IDLE
}
