// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One control request.
 *
 * @param method in capitals: GET, POST, PUT or DELETE
 * @param path decoded, without the query; begins with a slash
 * @param query first value of each query parameter, decoded
 * @param body empty when there is none, at most {@link ControlServer#MAX_BODY_BYTES}; never changed
 */
@SuppressWarnings("ArrayRecordComponent") // Requests are passed on, never compared.
public record Request(String method, String path, Map<String, String> query, byte[] body) {
  /**
   * The body as a JSON object; an empty body is an empty object.
   *
   * @throws JsonException when it is something else; {@link Response#error} with 400 fits
   */
  public Map<String, @Nullable Object> json() throws JsonException {
    return body.length == 0 ? Map.of() : Json.parseObject(body);
  }
}
