// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class TcpServerTest {
  private static final Routes ROUTES =
      Routes.builder()
          .get("/metrics", request -> CompletableFuture.completedFuture(Response.text("x 1\n")))
          .build();
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  @Test
  void itServesItsRoutesAndNothingElse() throws IOException {
    try (TcpServer server = TcpServer.start(ANY_PORT, ROUTES)) {
      assertThat(ask(server, "GET /metrics"))
          .startsWith("HTTP/1.1 200 OK")
          .endsWith("\r\n\r\nx 1\n");
      assertThat(ask(server, "GET /v1/status")).startsWith("HTTP/1.1 404");
      assertThat(ask(server, "POST /metrics")).startsWith("HTTP/1.1 405");
      assertThat(ask(server, "nonsense")).startsWith("HTTP/1.1 400");
    }
  }

  @Test
  void aPortInUseIsAnErrorOfOneLine() throws IOException {
    try (TcpServer server = TcpServer.start(ANY_PORT, ROUTES)) {
      InetSocketAddress taken = new InetSocketAddress(ANY_PORT.getAddress(), server.port());
      assertThatThrownBy(() -> TcpServer.start(taken, ROUTES))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("cannot listen at 127.0.0.1:" + server.port());
    }
  }

  @Test
  void manyConnectionsDoNotStayAndDoNotKeepOthersOutForever() throws IOException {
    try (TcpServer server = TcpServer.start(ANY_PORT, ROUTES)) {
      List<Socket> held = new ArrayList<>();
      for (int i = 0; i < TcpServer.MAX_CONNECTIONS; i++) {
        held.add(new Socket(ANY_PORT.getAddress(), server.port()));
        held.get(i).getOutputStream().write("GET ".getBytes(US_ASCII));
      }
      assertThat(ask(server, "GET /metrics")).isEmpty();
      for (Socket each : held) {
        each.close();
      }
      String answer = "";
      for (int i = 0; i < 500 && answer.isEmpty(); i++) {
        answer = ask(server, "GET /metrics");
      }
      assertThat(answer).startsWith("HTTP/1.1 200 OK");
    }
  }

  private static String ask(TcpServer server, String request) throws IOException {
    try (Socket socket = new Socket(ANY_PORT.getAddress(), server.port())) {
      String head = request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    } catch (SocketException e) {
      return "";
    }
  }
}
