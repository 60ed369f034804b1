// SPDX-License-Identifier: Apache-2.0
package oasis.client.daemon;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import oasis.io.config.ConfigException;
import oasis.io.control.Response;
import oasis.os.OsException;
import oasis.rules.RuleLimitException;

/**
 * Changes of the configuration that the control interface asks for: one after the other on the
 * thread that owns the configuration. Any thread may ask.
 */
final class Changes {
  private final Configurator configurator;
  private final Executor owner;
  private final Executor waiting;

  /** What may be refused, or fail. */
  @FunctionalInterface
  interface Step {
    /** The answer when all went well. */
    Response run() throws ConfigException, OsException;
  }

  /** A change of the configuration. */
  @FunctionalInterface
  interface Change {
    LiveConfig apply(LiveConfig current) throws ConfigException;
  }

  /**
   * @param owner the thread that the configurator is confined to
   * @param waiting a thread that may wait for servers
   */
  Changes(Configurator configurator, Executor owner, Executor waiting) {
    this.configurator = configurator;
    this.owner = owner;
    this.waiting = waiting;
  }

  /** What is in force. */
  LiveConfig current() {
    return configurator.current();
  }

  /** Changes what is in force, and the file with it. */
  CompletionStage<Response> change(Change change) {
    return inTurn(
        () -> {
          now(change.apply(configurator.current()));
          return Response.done();
        });
  }

  /** Changes what is in force, and the file with it; inside a step {@link #inTurn}. */
  void now(LiveConfig next) throws OsException {
    configurator.change(next);
  }

  /** Runs a step on the thread that owns the configuration. */
  CompletionStage<Response> inTurn(Step step) {
    return on(owner, step);
  }

  /** Runs a step that may wait, and whatever needs its outcome behind it. */
  CompletionStage<Response> waiting(Step step) {
    return on(waiting, step);
  }

  private static CompletionStage<Response> on(Executor thread, Step step) {
    CompletableFuture<Response> answer = new CompletableFuture<>();
    thread.execute(
        () -> {
          try {
            answer.complete(step.run());
          } catch (ConfigException | RuleLimitException e) {
            answer.complete(Response.error(409, message(e)));
          } catch (OsException e) {
            answer.complete(Response.error(500, message(e)));
          } catch (RuntimeException | Error e) {
            answer.completeExceptionally(e); // also without memory: who asked is told so at once
          }
        });
    return answer;
  }

  private static String message(Exception e) {
    return ConfigException.oneLine(String.valueOf(e.getMessage()));
  }
}
