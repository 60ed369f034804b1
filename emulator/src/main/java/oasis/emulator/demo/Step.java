// SPDX-License-Identifier: Apache-2.0
package oasis.emulator.demo;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one step of the demo measured.
 *
 * @param name what was done
 * @param pingMs median round-trip time in ms, or null when not measured
 * @param dnsMs time of a DNS look-up in ms, or null
 * @param address the address that the programs used
 * @param pageMs time to fetch the page in ms, or null
 * @param fileSeconds time to fetch the file in s, or null
 * @param carrier carrier of the file's connection
 * @param peer address that the web server saw
 * @param faults what was not as it should be; empty when all was
 */
record Step(
    String name,
    @Nullable Double pingMs,
    @Nullable Double dnsMs,
    String address,
    @Nullable Double pageMs,
    @Nullable Double fileSeconds,
    String carrier,
    String peer,
    List<String> faults) {
  Step {
    faults = List.copyOf(faults);
  }
}
