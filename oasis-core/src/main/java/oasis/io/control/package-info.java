// SPDX-License-Identifier: Apache-2.0

/**
 * The control interface of a running daemon: HTTP/1.1 with JSON on a Unix socket that only its
 * owner may open. It knows no daemon; each gives its routes. Handlers run on the server's one
 * event-loop thread and must not block: they enqueue a command to whoever owns the state and answer
 * later.
 */
@NullMarked
package oasis.io.control;

import org.jspecify.annotations.NullMarked;
