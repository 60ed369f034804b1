// SPDX-License-Identifier: Apache-2.0

/**
 * Experiments, benchmarks, their goals and their results. Nothing in a product part depends on it.
 * Each experiment runs on the main thread and owns the processes that it starts.
 */
@NullMarked
package oasis.experiments;

import org.jspecify.annotations.NullMarked;
