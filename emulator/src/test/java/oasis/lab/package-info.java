// SPDX-License-Identifier: Apache-2.0

/**
 * The laboratory of the integration tests: a network of namespaces with real servers, in which
 * client and exit node are started as a user would, and what is needed to see what they do (packet
 * captures, the kernels' counters). It proves nothing by itself and is no part of the product. A
 * laboratory belongs to the test that made it; its methods are called by one thread.
 */
@NullMarked
package oasis.lab;

import org.jspecify.annotations.NullMarked;
