// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ControlFuzzTest {
  private static final long SEED = Long.getLong("oasis.seed", 20060401);
  private static final int ROUNDS = 2_000;
  private static final String[] WORDS = {
    "GET ",
    "POST ",
    "/v1/echo",
    "/../%2e%zz?a=%",
    " HTTP/1.1",
    "\r\n",
    "\r\n\r\n",
    "Host: x\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: 99999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "3\r\nabc\r\n0\r\n\r\n",
    "fffffffff\r\n",
    "{\"a\":",
    "[[[",
    "\0",
    "Expect: 100-continue\r\n",
    "Connection: close\r\n",
  };

  private static final Routes ROUTES =
      Routes.builder()
          .post(
              "/v1/echo",
              request -> CompletableFuture.completedFuture(Response.json(request.json())))
          .get("/*", request -> CompletableFuture.completedFuture(Response.text(request.path())))
          .build();

  @Test
  void noRequestBreaksTheServer() {
    SplittableRandom random = new SplittableRandom(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      EmbeddedChannel channel = new EmbeddedChannel(new ControlServer.Pipeline(ROUTES));
      byte[] bytes = request(random);
      ByteBuf in = Unpooled.wrappedBuffer(bytes);
      while (in.isReadable() && channel.isOpen()) {
        int some = 1 + random.nextInt(in.readableBytes());
        channel.writeInbound(in.readRetainedSlice(some));
        channel.runPendingTasks();
      }
      in.release();
      for (Object out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
        assertThat(out).as("seed %d round %d", SEED, round).isInstanceOf(ByteBuf.class);
        ReferenceCountUtil.release(out);
      }
      channel.finishAndReleaseAll();
      channel.checkException();
    }
  }

  @Test
  void noTextBreaksTheJsonReader() {
    SplittableRandom random = new SplittableRandom(SEED);
    String[] words = {"{", "}", "[", "]", ",", ":", "\"a\"", "1", "-", "1e999", "null", "\\u", "é"};
    for (int round = 0; round < 50_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(20); i > 0; i--) {
        text.append(words[random.nextInt(words.length)]);
      }
      try {
        Object value = Json.parse(text.toString().getBytes(ISO_8859_1));
        assertThat(Json.parse(Json.write(value)))
            .as("seed %d round %d: %s", SEED, round, text)
            .isEqualTo(value);
      } catch (JsonException e) {
        assertThat(e.getMessage()).isNotBlank();
      }
    }
  }

  private static byte[] request(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    if (random.nextInt(3) > 0) {
      text.append("POST /v1/echo HTTP/1.1\r\n");
    }
    for (int i = 1 + random.nextInt(12); i > 0; i--) {
      text.append(WORDS[random.nextInt(WORDS.length)]);
    }
    byte[] bytes = text.toString().getBytes(ISO_8859_1);
    for (int flips = random.nextInt(3); flips > 0; flips--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return bytes;
  }
}
