// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns one connection's requests into calls of handlers, one at a time. */
final class ControlHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
  /** A handler that has not answered by then is given up on. */
  static final int ANSWER_SECONDS = 10;

  private static final Logger LOG = LoggerFactory.getLogger(ControlHandler.class);

  private static final String OURS = "oasis-";

  private final Routes routes;

  ControlHandler(Routes routes) {
    this.routes = routes;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    context.read();
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest http) {
    if (!http.decoderResult().isSuccess()) {
      send(context, Response.error(400, "not an HTTP/1.1 request"), true);
      return;
    }
    String meant = http.headers().get(HttpHeaderNames.HOST, "");
    String server = routes.server();
    if (meant.startsWith(OURS) && !server.isEmpty() && !meant.equals(server)) {
      String us = server.replace('-', ' ');
      String who = meant.replace('-', ' ');
      // 421: RFC 9110 section 15.5.20.
      send(context, Response.error(421, "this is no %s: ask by \"%s\"".formatted(who, us)), true);
      return;
    }
    CompletableFuture<Response> unused =
        answer(http)
            .orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS)
            .whenComplete(
                (response, failure) ->
                    context
                        .executor()
                        .execute(
                            () ->
                                send(
                                    context,
                                    response != null ? response : failed(failure),
                                    false)));
  }

  private CompletableFuture<Response> answer(FullHttpRequest http) {
    try {
      Request request = request(http);
      // A copy: giving up on the answer must not complete a future that the handler owns.
      return routes
          .find(request.method(), request.path())
          .handle(request)
          .toCompletableFuture()
          .copy();
    } catch (JsonException | RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static Request request(FullHttpRequest http) {
    QueryStringDecoder uri = new QueryStringDecoder(http.uri());
    Map<String, String> query = new LinkedHashMap<>();
    for (Map.Entry<String, List<String>> entry : uri.parameters().entrySet()) {
      query.put(entry.getKey(), entry.getValue().get(0));
    }
    return new Request(
        http.method().name(),
        uri.path(),
        Collections.unmodifiableMap(query),
        ByteBufUtil.getBytes(http.content()));
  }

  private static Response failed(@Nullable Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof JsonException) {
      return Response.error(400, String.valueOf(cause.getMessage()));
    }
    if (cause instanceof TimeoutException) {
      return Response.error(504, "no answer within %d s".formatted(ANSWER_SECONDS));
    }
    LOG.warn("A control request failed", cause);
    return Response.error(500, "internal error; the daemon's log has the details");
  }

  private static void send(ChannelHandlerContext context, Response response, boolean close) {
    DefaultFullHttpResponse http =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(response.status()),
            Unpooled.wrappedBuffer(response.body()));
    http.headers().set(HttpHeaderNames.CONTENT_TYPE, response.contentType());
    if (response.status() != HttpResponseStatus.NO_CONTENT.code()) {
      http.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, response.body().length);
    }
    if (close) {
      http.headers().set(HttpHeaderNames.CONNECTION, "close");
      ChannelFuture unused = context.writeAndFlush(http).addListener(ChannelFutureListener.CLOSE);
    } else {
      ChannelFuture unused = context.writeAndFlush(http);
      context.read();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof IdleStateEvent) {
      close(context);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException)) {
      LOG.debug("A control connection failed", cause);
    }
    close(context);
  }

  private static void close(ChannelHandlerContext context) {
    ChannelFuture unused = context.close();
  }
}
