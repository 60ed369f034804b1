// SPDX-License-Identifier: Apache-2.0

/**
 * What every experiment has in common: values by round, goals and how they are judged, figures. It
 * knows no particular experiment and starts nothing. All classes are confined to one thread or
 * immutable.
 */
@NullMarked
package oasis.experiments.result;

import org.jspecify.annotations.NullMarked;
