// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

/**
 * Method and path to handler. A path is matched whole; one that ends in {@code /*} takes everything
 * below it, the longest such prefix first. Immutable once built.
 */
public final class Routes {
  private static final String BELOW = "/*";

  private final Map<String, Map<String, Handler>> byPath;
  private final String server;

  private Routes(Map<String, Map<String, Handler>> byPath, String server) {
    this.byPath = byPath;
    this.server = server;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** What requests may call this side in their field {@code Host}; empty: anything. */
  String server() {
    return server;
  }

  /** The handler for a request; never null: an unknown path answers 404, a wrong method 405. */
  Handler find(String method, String path) {
    Map<String, Handler> methods = methods(path);
    if (methods.isEmpty()) {
      return request ->
          CompletableFuture.completedFuture(Response.error(404, "no such path: " + request.path()));
    }
    Handler handler = methods.get(method);
    if (handler == null) {
      String allowed = String.join(", ", new TreeSet<>(methods.keySet()));
      return request ->
          CompletableFuture.completedFuture(
              Response.error(405, "%s takes %s".formatted(request.path(), allowed)));
    }
    return handler;
  }

  private Map<String, Handler> methods(String path) {
    Map<String, Handler> exact = byPath.get(path);
    if (exact != null) {
      return exact;
    }
    for (int slash = path.lastIndexOf('/'); slash >= 0; slash = path.lastIndexOf('/', slash - 1)) {
      Map<String, Handler> below = byPath.get(path.substring(0, slash) + BELOW);
      if (below != null) {
        return below;
      }
    }
    return Map.of();
  }

  /** Collects routes. */
  public static final class Builder {
    private final Map<String, Map<String, Handler>> byPath = new HashMap<>();
    private String server = "";

    private Builder() {}

    /**
     * Names this side, so that a request meant for another daemon is refused.
     *
     * @param name what {@link ControlClient} is to call it, such as {@code oasis-exit}
     */
    public Builder server(String name) {
      server = name;
      return this;
    }

    public Builder get(String path, Handler handler) {
      return on("GET", path, handler);
    }

    public Builder post(String path, Handler handler) {
      return on("POST", path, handler);
    }

    public Builder put(String path, Handler handler) {
      return on("PUT", path, handler);
    }

    public Builder delete(String path, Handler handler) {
      return on("DELETE", path, handler);
    }

    public Routes build() {
      Map<String, Map<String, Handler>> copy = new HashMap<>();
      byPath.forEach((path, methods) -> copy.put(path, Map.copyOf(methods)));
      return new Routes(Map.copyOf(copy), server);
    }

    private Builder on(String method, String path, Handler handler) {
      if (!path.startsWith("/")) {
        throw new IllegalArgumentException("a path begins with a slash: " + path);
      }
      Handler before =
          byPath
              .computeIfAbsent(path, key -> new HashMap<>())
              .putIfAbsent(method.toUpperCase(Locale.ROOT), handler);
      if (before != null) {
        throw new IllegalArgumentException("two handlers for " + method + " " + path);
      }
      return this;
    }
  }
}
