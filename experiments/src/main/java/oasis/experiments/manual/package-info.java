// SPDX-License-Identifier: Apache-2.0

/**
 * What all words of the launcher have in common: manual pages and completion, made from what their
 * {@code --help} knows. It runs none of them. One thread.
 */
@NullMarked
package oasis.experiments.manual;

import org.jspecify.annotations.NullMarked;
