// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import java.util.concurrent.CompletionStage;

/** Answers the requests of one route. */
@FunctionalInterface
public interface Handler {
  /**
   * Called on the server's thread; must not block. The answer may come from any thread. An
   * exception, thrown or in the stage, is answered with 500 and logged; {@link JsonException} with
   * 400.
   */
  CompletionStage<Response> handle(Request request) throws JsonException;
}
