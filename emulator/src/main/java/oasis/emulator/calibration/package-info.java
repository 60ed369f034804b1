// SPDX-License-Identifier: Apache-2.0

/**
 * Measures how good the emulator's links are on this machine, with UDP probes of its own and the
 * kernel's time stamps, and compares with the goals. It emulates; it does not simulate. Each
 * measuring thread owns its socket.
 */
@NullMarked
package oasis.emulator.calibration;

import org.jspecify.annotations.NullMarked;
