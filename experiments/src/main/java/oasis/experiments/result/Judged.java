// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import org.jspecify.annotations.Nullable;

/**
 * A value beside its goal, as it stands in a result's JSON.
 *
 * @param name which value
 * @param value mean of the rounds, or null when it was not measured
 * @param halfWidth95 half-width of its 95 % interval, or null for fewer than two rounds
 * @param rounds how many rounds gave a value
 * @param unit unit of value and goal
 * @param goal the goal as text, {@code >= 5}
 * @param met whether it is met
 * @param stretch the harder goal that does not decide, or null
 * @param stretchMet whether that is met, or null
 */
public record Judged(
    String name,
    @Nullable Double value,
    @Nullable Double halfWidth95,
    int rounds,
    String unit,
    String goal,
    Goal.Met met,
    @Nullable String stretch,
    Goal.@Nullable Met stretchMet) {}
