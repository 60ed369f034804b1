// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import oasis.experiments.planetlab.Step.Check;

/** Requests that a proxy must not pass on, each on a connection of its own. */
final class BadHeads {
  private static final int PATIENCE_MS = 10_000;
  private static final int TOO_MANY_BYTES = 70_000;
  private static final String HOST = Carrier.UNDERLAY.host();
  private static final String URL = "http://" + HOST + "/small";
  private static final String GET = "GET " + URL + " HTTP/1.1\r\n";
  private static final String POST = "POST " + URL + " HTTP/1.1\r\nHost: " + HOST + "\r\n";
  private static final String END = "\r\n\r\n";

  private BadHeads() {}

  /** What is sent, by its name. */
  private static Map<String, String> heads() {
    Map<String, String> heads = new LinkedHashMap<>();
    heads.put("no request line", "garbage" + END);
    heads.put("no version", "GET " + URL + END);
    heads.put("version 9", "GET " + URL + " HTTP/9.1" + END);
    heads.put("origin-form", "GET /small HTTP/1.1\r\nHost: " + HOST + END);
    heads.put("user information", "GET http://me@" + HOST + "/small HTTP/1.1" + END);
    heads.put("port 0", "GET http://" + HOST + ":0/small HTTP/1.1" + END);
    heads.put("port 99999", "CONNECT " + HOST + ":99999 HTTP/1.1" + END);
    heads.put("https without a tunnel", "GET https://" + HOST + "/small HTTP/1.1" + END);
    heads.put("a byte of zero", GET + "X: a\0b" + END);
    heads.put("a folded line", GET + "X: a\r\n b" + END);
    heads.put("space before the colon", POST + "Content-Length : 5" + END + "hello");
    heads.put("two hosts", POST + "Host: other.test" + END);
    heads.put("two lengths", POST + "Content-Length: 5\r\nContent-Length: 6" + END + "hello");
    heads.put("a list of lengths", POST + "Content-Length: 5, 6" + END + "hello");
    heads.put("a signed length", POST + "Content-Length: +5" + END + "hello");
    heads.put(
        "length and chunks",
        POST + "Content-Length: 5\r\nTransfer-Encoding: chunked" + END + "0" + END);
    heads.put("bare line feeds", "GET " + URL + " HTTP/1.1\nHost: " + HOST + "\n\n");
    heads.put("a bare carriage return", GET + "X: a\rTransfer-Encoding: chunked" + END);
    return heads;
  }

  /** Sends all, in the network namespace of the calling thread. */
  static List<Check> run() {
    List<Check> checks = new ArrayList<>();
    heads().forEach((name, head) -> checks.add(check(name, head, "400")));
    String endless = GET + "X: " + "y".repeat(TOO_MANY_BYTES);
    checks.add(check("endless head", endless, "431"));
    return checks;
  }

  private static Check check(String name, String head, String wanted) {
    String answer = answer(head);
    boolean good = answer.startsWith("HTTP/1.1 " + wanted + " ");
    return new Check(name, Carrier.UNDERLAY, good, 0, good ? "" : "answered: " + answer);
  }

  private static String answer(String head) {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), PortNetwork.PORT), PATIENCE_MS);
      socket.setSoTimeout(PATIENCE_MS);
      socket.getOutputStream().write(head.getBytes(ISO_8859_1));
      String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
      return answer.lines().findFirst().orElse("nothing");
    } catch (IOException e) {
      return "nothing: " + e.getMessage();
    }
  }
}
