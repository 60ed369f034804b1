// SPDX-License-Identifier: Apache-2.0

/**
 * What daemons need to read their configuration: strict XML whose errors name the line, the
 * exception that carries such an error to the user, and SIGHUP as the wish to read it again. It
 * knows no daemon's settings. Stateless but for one reader per document.
 */
@NullMarked
package oasis.io.config;

import org.jspecify.annotations.NullMarked;
