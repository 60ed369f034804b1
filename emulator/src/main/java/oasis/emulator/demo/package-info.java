// SPDX-License-Identifier: Apache-2.0

/**
 * The demo: an emulated network in which unmodified programs reach a web server directly, through
 * an overlay by name and by header, and after the overlay was killed. It starts the client and the
 * exit node as a user would, by the launcher, and knows them by their command line and control
 * socket only. One thread runs the steps.
 */
@NullMarked
package oasis.emulator.demo;

import org.jspecify.annotations.NullMarked;
