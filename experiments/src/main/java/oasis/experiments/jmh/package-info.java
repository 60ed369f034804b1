// SPDX-License-Identifier: Apache-2.0

/**
 * JMH benchmarks of the packet path. They measure the sans-I/O parts only: no socket is opened.
 * JMH's own threads run them.
 */
@NullMarked
package oasis.experiments.jmh;

import org.jspecify.annotations.NullMarked;
