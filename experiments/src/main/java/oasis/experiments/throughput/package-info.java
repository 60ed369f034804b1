// SPDX-License-Identifier: Apache-2.0

/**
 * How fast client and exit node are, beside other tunnels in the same rounds. Everything runs in
 * network namespaces of its own; the experiment's thread owns them and all processes in them.
 */
@NullMarked
package oasis.experiments.throughput;

import org.jspecify.annotations.NullMarked;
