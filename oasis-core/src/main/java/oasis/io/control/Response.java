// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An answer: a status of RFC 9110 and a body.
 *
 * @param contentType of the body, for instance {@code application/json}
 * @param body never changed once given
 */
@SuppressWarnings("ArrayRecordComponent") // Answers are passed on, never compared.
public record Response(int status, String contentType, byte[] body) {
  private static final String JSON = "application/json";

  /** 200 with a JSON value, see {@link Json}. */
  public static Response json(@Nullable Object value) {
    return new Response(200, JSON, Json.write(value));
  }

  /** 204: done, and nothing to say. */
  public static Response done() {
    return new Response(204, JSON, new byte[0]);
  }

  /** 200 with plain text. */
  public static Response text(String text) {
    return new Response(200, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * {@code {"error": message}}.
   *
   * @param status 400 to 599
   * @param message one line that says what is wrong and what to do
   */
  public static Response error(int status, String message) {
    return new Response(status, JSON, Json.write(Map.of("error", message)));
  }

  /** True for 2xx. */
  public boolean ok() {
    return status >= 200 && status < 300;
  }

  /** The body as UTF-8 text. */
  public String text() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** The {@code error} of a failed answer, or a sentence with the status when it carries none. */
  public String errorMessage() {
    try {
      if (Json.parseObject(body).get("error") instanceof String message) {
        return message;
      }
    } catch (JsonException e) {
      // Falls through: the status is all we know.
    }
    return "the daemon answered with status " + status;
  }
}
