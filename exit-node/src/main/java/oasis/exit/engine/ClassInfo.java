// SPDX-License-Identifier: Apache-2.0
package oasis.exit.engine;

import oasis.link.ClassStatistics;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of one class.
 *
 * @param name its name
 * @param priority 0 goes first
 * @param weight share beside the classes of the same priority
 * @param text how it was configured
 * @param out what has happened to its packets towards destinations since the last change of the
 *     configuration; null in a direction without caps, where nothing is counted
 * @param in the same of its packets towards clients
 */
public record ClassInfo(
    String name,
    int priority,
    int weight,
    String text,
    @Nullable ClassStatistics out,
    @Nullable ClassStatistics in) {}
