// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlServerTest {
  @TempDir Path directory;
  private Path socket = Path.of("");
  private ControlServer server;
  private ControlClient client;

  @BeforeEach
  void start() throws IOException {
    socket = directory.resolve("run/control.sock");
    Routes routes =
        Routes.builder()
            .get("/v1/status", request -> done(Response.json(Map.of("ready", true))))
            .post("/v1/echo", request -> done(Response.json(request.json())))
            .get("/v1/flows/*", request -> done(Response.text(request.path() + request.query())))
            .delete("/v1/rule", request -> done(Response.done()))
            .get(
                "/v1/later",
                request ->
                    CompletableFuture.supplyAsync(() -> Response.text("later"))
                        .thenApply(response -> response))
            .get(
                "/v1/bad",
                request -> {
                  throw new IllegalStateException("a bug");
                })
            .build();
    server = ControlServer.start(socket, routes);
    client = new ControlClient(socket, "client");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void requestsReachTheirHandlers() throws Exception {
    assertThat(Json.parse(client.get("/v1/status").body())).isEqualTo(Map.of("ready", true));
    Response echo = client.post("/v1/echo", Map.of("a", List.of(1, "zwei", 3.5)));
    assertThat(Json.parse(echo.body())).isEqualTo(Map.of("a", List.of(1L, "zwei", 3.5)));
    assertThat(client.get("/v1/flows/a%20b?limit=3&json=").text())
        .isEqualTo("/v1/flows/a b{limit=3, json=}");
    assertThat(client.delete("/v1/rule").status()).isEqualTo(204);
    assertThat(client.get("/v1/later").text()).isEqualTo("later");
  }

  @Test
  void whatCannotBeServedIsSaidInOneLine() throws Exception {
    assertThat(client.get("/v2").errorMessage()).isEqualTo("no such path: /v2");
    assertThat(client.get("/v1/echo").status()).isEqualTo(405);
    assertThat(client.call("POST", "/v1/echo", "{\"a\": }".getBytes(US_ASCII)).errorMessage())
        .contains("line 1");
    assertThat(client.get("/v1/bad").status()).isEqualTo(500);
  }

  @Test
  void whatIsMeantForAnotherDaemonIsRefusedAndDoesNothing() throws Exception {
    Path path = directory.resolve("exit.sock");
    AtomicInteger stopped = new AtomicInteger();
    Routes routes =
        Routes.builder()
            .server("oasis-exit")
            .post("/v1/stop", request -> done(Response.json(stopped.incrementAndGet())))
            .build();
    try (ControlServer exit = ControlServer.start(path, routes)) {
      Response refused =
          new ControlClient(path, "client", "oasis-client").post("/v1/stop", Map.of());
      assertThat(refused.status()).isEqualTo(421);
      assertThat(refused.errorMessage())
          .isEqualTo("this is no oasis client: ask by \"oasis exit\"");
      assertThat(stopped).hasValue(0);
      assertThat(new ControlClient(exit.socket(), "whoever").post("/v1/stop", Map.of()).ok())
          .isTrue();
      assertThat(new ControlClient(path, "exit node", "oasis-exit").post("/v1/stop", Map.of()).ok())
          .isTrue();
      assertThat(stopped).hasValue(2);
    }
    // One that has no name takes all.
    assertThat(new ControlClient(socket, "client", "oasis-client").get("/v1/status").ok()).isTrue();
  }

  @Test
  void aBodyThatIsTooLongIsRefused() throws Exception {
    assertThatThrownBy(
            () -> client.call("POST", "/v1/echo", new byte[ControlServer.MAX_BODY_BYTES + 1]))
        .hasMessage("a request may have 65536 bytes");
    String head = "POST /v1/echo HTTP/1.1\r\nContent-Length: 65537\r\n\r\n";
    assertThat(exchange(head.getBytes(US_ASCII))).startsWith("HTTP/1.1 413");
    assertThat(client.get("/v1/status").ok()).isTrue();
  }

  @Test
  void aBodyThatComesAfterItsHeadIsReadToo() throws Exception {
    // Of a hundred requests some are seen by the server before their body is there.
    for (int i = 0; i < 100; i++) {
      byte[] head =
          "POST /v1/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n"
              .getBytes(US_ASCII);
      assertThat(exchange(head, "{}".getBytes(US_ASCII))).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrder() throws Exception {
    String one = "GET /v1/later HTTP/1.1\r\nHost: x\r\n\r\n";
    String two = "GET /v1/flows/two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    String answers = exchange((one + two).getBytes(US_ASCII));
    assertThat(answers.indexOf("later")).isPositive().isLessThan(answers.indexOf("/v1/flows/two"));
  }

  @Test
  void whatAKilledStartLeftBesideTheSocketIsRemoved() throws Exception {
    Path other = socket.resolveSibling("other.sock");
    Path half = Files.createDirectory(socket.resolveSibling(".other.sock.new"));
    Files.createFile(half.resolve("s"));
    try (ControlServer second = ControlServer.start(other, Routes.builder().build());
        var files = Files.list(socket.getParent())) {
      assertThat(files).containsExactlyInAnyOrder(socket, second.socket());
    }
  }

  @Test
  void onlyTheOwnerMayOpenTheSocket() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())))
        .isEqualTo("rwx------");
    try (var files = Files.list(socket.getParent())) {
      assertThat(files).containsExactly(socket);
    }
  }

  @Test
  void closingRemovesTheSocket() {
    server.close();
    assertThat(socket).doesNotExist();
    assertThatThrownBy(() -> client.get("/v1/status"))
        .hasMessage("no client is running at " + socket);
  }

  @Test
  void aSecondServerAtTheSamePlaceIsRefused() throws IOException {
    assertThatThrownBy(() -> ControlServer.start(socket, Routes.builder().build()))
        .isInstanceOf(IOException.class)
        .hasMessage("another process listens at " + socket);
    assertThat(client.get("/v1/status").ok()).isTrue();
  }

  @Test
  void aSocketThatNobodyListensOnIsReplaced() throws IOException {
    Path stale = directory.resolve("stale.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(stale));
    }
    assertThatThrownBy(() -> new ControlClient(stale, "exit").get("/"))
        .hasMessage("no exit is running at " + stale);
    try (ControlServer replaced = ControlServer.start(stale, Routes.builder().build())) {
      assertThat(new ControlClient(replaced.socket(), "exit").get("/").status()).isEqualTo(404);
    }
  }

  @Test
  void aFileThatIsNoSocketIsLeftAlone() throws IOException {
    Path file = Files.writeString(directory.resolve("notes"), "mine");
    assertThatThrownBy(() -> ControlServer.start(file, Routes.builder().build()))
        .hasMessageContaining("not a socket");
    assertThat(file).hasContent("mine");
  }

  private String exchange(byte[]... parts) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      for (byte[] part : parts) {
        channel.write(ByteBuffer.wrap(part));
      }
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      ByteBuffer chunk = ByteBuffer.allocate(1 << 12);
      while (channel.read(chunk) >= 0) {
        all.write(chunk.array(), 0, chunk.position());
        chunk.clear();
      }
      return all.toString(US_ASCII);
    }
  }

  private static CompletableFuture<Response> done(Response response) {
    return CompletableFuture.completedFuture(response);
  }
}
