// SPDX-License-Identifier: Apache-2.0

/**
 * Pushes the exit node with {@code deploy/slice-push.sh} to real ssh servers, some of which are
 * broken, and uses what was pushed. It knows nothing of how the script works: it reads what the
 * script prints and looks at the nodes. One thread drives a run.
 */
@NullMarked
package oasis.experiments.push;

import org.jspecify.annotations.NullMarked;
