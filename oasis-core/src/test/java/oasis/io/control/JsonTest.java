// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void whatIsWrittenIsReadBack() throws JsonException {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("text", "a \"quoted\" line\nand ümlaut \u0000");
    value.put("whole", Long.MAX_VALUE);
    value.put("real", -0.25);
    value.put("flags", Arrays.asList(true, false, null));
    value.put("empty", Map.of());
    assertThat(Json.parse(Json.write(value))).isEqualTo(value);
    assertThat(Json.parse(Json.writePretty(value))).isEqualTo(value);
  }

  @Test
  void numbersThatJsonDoesNotHaveBecomeNull() {
    assertThat(new String(Json.write(List.of(Double.NaN, 1.0 / 0)), UTF_8))
        .isEqualTo("[null,null]");
  }

  @Test
  void brokenTextIsRefusedWithItsPlace() {
    for (String bad :
        List.of(
            "", " ", "{", "[1,]", "{\"a\":1,\"a\":2}", "1 2", "nul", "\"\\x\"", "[".repeat(100))) {
      assertThatThrownBy(() -> Json.parse(bad.getBytes(UTF_8)))
          .as(bad)
          .isInstanceOf(JsonException.class)
          .message()
          .doesNotContain("\n");
    }
    assertThatThrownBy(() -> Json.parseObject("[]".getBytes(UTF_8)))
        .hasMessage("not a JSON object");
  }
}
