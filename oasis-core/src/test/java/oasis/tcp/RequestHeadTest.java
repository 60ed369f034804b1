// SPDX-License-Identifier: Apache-2.0
package oasis.tcp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("StringConcatToTextBlock") // lines end in CRLF
class RequestHeadTest {
  private static @Nullable RequestHead parse(String text) {
    byte[] bytes = text.getBytes(ISO_8859_1);
    int end = RequestHead.end(bytes, 0, bytes.length);
    return end < 0 ? null : RequestHead.parse(bytes, end);
  }

  private static RequestHead good(String text) {
    RequestHead head = parse(text);
    assertThat(head).as(text).isNotNull();
    return java.util.Objects.requireNonNull(head);
  }

  private static String forwarded(String text) {
    return good(text).forward();
  }

  @Test
  void absoluteFormBecomesOriginFormAndTheConnectionEndsWithTheAnswer() {
    assertThat(forwarded("GET http://Example.org:8080/a?b=c HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n"))
        .isEqualTo(
            "GET /a?b=c HTTP/1.1\r\nHost: Example.org:8080\r\nA: b\r\nConnection: close\r\n\r\n");
  }

  @Test
  void hostAndPortAreThoseOfTheTarget() {
    RequestHead head = good("HEAD HTTP://WWW.Example.ORG. HTTP/1.1\r\nHost: evil\r\n\r\n");
    assertThat(head.host()).isEqualTo("www.example.org");
    assertThat(head.port()).isEqualTo(80);
    assertThat(head.method()).isEqualTo("HEAD");
    assertThat(good("GET http://[2001:DB8::1]:81/ HTTP/1.1\r\nHost: x\r\n\r\n").host())
        .isEqualTo("2001:db8::1");
    assertThat(good("GET http://192.0.2.1?q HTTP/1.1\r\nHost: x\r\n\r\n").host())
        .isEqualTo("192.0.2.1");
  }

  @Test
  void anEmptyPathIsTheRootOrTheServerItself() {
    assertThat(forwarded("GET http://a.test HTTP/1.0\r\n\r\n")).startsWith("GET / HTTP/1.0\r\n");
    assertThat(forwarded("GET http://a.test?x HTTP/1.0\r\n\r\n")).startsWith("GET /?x HTTP/1.0");
    assertThat(forwarded("OPTIONS http://a.test HTTP/1.0\r\n\r\n")).startsWith("OPTIONS * HTTP");
  }

  @Test
  void fieldsAboutTheProxyConnectionStayHere() {
    assertThat(
            forwarded(
                "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, X-Hop\r\n"
                    + "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\n"
                    + "x-hop: 1\r\nUpgrade: h2c\r\nExpect: 100-continue\r\nAccept: */*\r\n\r\n"))
        .isEqualTo(
            "GET / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nAccept: */*\r\n"
                + "Connection: close\r\n\r\n");
  }

  @Test
  void aRequestThatLooksForProxiesCountsThisOne() {
    String trace = "TRACE http://a.test/ HTTP/1.1\r\nHost: a\r\nmax-forwards:  10 \r\n\r\n";
    assertThat(forwarded(trace)).contains("\r\nmax-forwards: 9\r\n");
    assertThat(forwarded(trace.replace("TRACE", "GET"))).contains("\r\nmax-forwards:  10 \r\n");
    assertThat(good(trace).last()).isFalse();
    assertThat(good(trace.replace("TRACE", "OPTIONS").replace("10", "0")).last()).isTrue();
    assertThat(parse(trace.replace("10", "-1"))).isNull();
    assertThat(parse(trace.replace("10 ", "1\r\nMax-Forwards: 1"))).isNull();
  }

  @Test
  void noLimitIsTooHighAndNoneIsTakenAway() {
    String trace = "TRACE http://a.test/ HTTP/1.1\r\nHost: a\r\nMax-Forwards: 10\r\n\r\n";
    for (String high : new String[] {"1000000000", "99999999999999999999"}) {
      assertThat(forwarded(trace.replace("10", high))).contains("\r\nMax-Forwards: 999999999\r\n");
    }
    assertThat(forwarded(trace.replace("10", "000000000003"))).contains("\r\nMax-Forwards: 2\r\n");
    assertThat(good(trace.replace("10", "0".repeat(20))).last()).isTrue();
    assertThat(forwarded(trace.replace("\r\n\r\n", "\r\nConnection: Max-Forwards\r\n\r\n")))
        .contains("\r\nMax-Forwards: 9\r\n");
  }

  @Test
  void noRequestCanHaveItsLengthTakenAway() {
    assertThat(
            forwarded(
                "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\n"
                    + "Content-Length: 3\r\n\r\n"))
        .contains("Content-Length: 3\r\n");
  }

  @Test
  void aTunnelNamesHostAndPortAndSendsNothingOn() {
    RequestHead head = good("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    assertThat(head.connect()).isTrue();
    assertThat(head.port()).isEqualTo(443);
    assertThat(head.forward()).isEmpty();
    assertThat(parse("CONNECT a.test HTTP/1.1\r\nHost: a.test\r\n\r\n")).isNull();
    assertThat(parse("CONNECT http://a.test:80 HTTP/1.1\r\nHost: a.test\r\n\r\n")).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET https://a.test/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a.test/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  http://a.test/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a.test/ HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET http://a.test/ HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET http://a.test/ http/1.1\r\nHost: a\r\n\r\n",
        "GET http://a.test/\r\nHost: a\r\n\r\n",
        "G(T http://a.test/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://user@a.test/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a.test/#x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a.test:0/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a.test:65536/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a.test:8a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a..test/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://127.1/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://[::1/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://[192.0.2.1]/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a%2etest/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a.test/ HTTP/1.1\r\n\r\n",
        "GET http://a.test/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET http://a.test/ HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET http://a.test/ HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET http://a.test/ HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET http://a.test/ HTTP/1.1\nHost: a\n\n",
        "GET http://a.test/ HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "GET http://a.test/ HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
        "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            + "Content-Length: 4\r\n\r\n",
        "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n",
        "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        "POST http://a.test/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "POST http://a.test/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "\r\nGET http://a.test/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000"
      })
  void whatTwoReadersCouldUnderstandDifferentlyIsRefused(String text) {
    assertThat(parse(text)).as(text).isNull();
  }

  @Test
  void theEndIsFoundWhereverTheHeadIsCut() {
    byte[] head = "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\nbody".getBytes(ISO_8859_1);
    for (int cut = 0; cut < head.length; cut++) {
      int first = RequestHead.end(head, 0, cut);
      int end = first == RequestHead.INCOMPLETE ? RequestHead.end(head, cut, head.length) : first;
      assertThat(end).as("cut at " + cut).isEqualTo(head.length - 4);
    }
  }
}
