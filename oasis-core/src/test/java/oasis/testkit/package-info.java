// SPDX-License-Identifier: Apache-2.0

/**
 * Fakes, packet builders, packet assertions and seeded generators for the tests of every module. It
 * is never part of a deployable class path. Each object is confined to the test that made it.
 */
@NullMarked
package oasis.testkit;

import org.jspecify.annotations.NullMarked;
