// SPDX-License-Identifier: Apache-2.0
package oasis.io.config;

import java.lang.reflect.Proxy;
import java.util.concurrent.RejectedExecutionException;

/**
 * Lets SIGHUP mean something other than the end. The class of the JDK that does so ({@code
 * sun.misc.Signal}, in the module jdk.unsupported) warns whoever names it in source code.
 */
public final class HangUp {
  private HangUp() {}

  /**
   * Runs this at each SIGHUP, on a thread of its own; on a JDK that cannot, SIGHUP ends.
   *
   * @param action may throw a RejectedExecutionException when it is too late for it
   */
  public static void run(Runnable action) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              HangUp.class.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  runUnlessEnding(action);
                  return null;
                }
                return switch (method.getName()) {
                  case "hashCode" -> System.identityHashCode(self);
                  case "equals" -> arguments != null && self == arguments[0];
                  default -> "HangUp";
                };
              });
      Object hup = signal.getConstructor(String.class).newInstance("HUP");
      signal.getMethod("handle", signal, handler).invoke(null, hup, proxy);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      // As before: the signal ends the daemon, which is what it does without a handler.
    }
  }

  private static void runUnlessEnding(Runnable action) {
    try {
      action.run();
    } catch (RejectedExecutionException e) {
      // The daemon ends, and takes nothing on any more.
    }
  }
}
