// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Serves routes by HTTP at a TCP port, with one thread and few connections: for what others may
 * read, such as metrics. Nobody is asked who they are.
 */
public final class TcpServer implements AutoCloseable {
  /** Open connections; further ones are closed at once. */
  static final int MAX_CONNECTIONS = 32;

  private final MultiThreadIoEventLoopGroup group;
  private final Channel channel;

  private TcpServer(MultiThreadIoEventLoopGroup group, Channel channel) {
    this.group = group;
    this.channel = channel;
  }

  /**
   * Starts to serve.
   *
   * @param at where; port 0 for any
   * @throws IOException in one line, when the port cannot be had
   */
  public static TcpServer start(InetSocketAddress at, Routes routes) throws IOException {
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("http", true), EpollIoHandler.newFactory());
    ChannelFuture bound =
        new ServerBootstrap()
            .group(group)
            .channel(EpollServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.AUTO_READ, false)
            .childHandler(new Limited(new ControlServer.Pipeline(routes)))
            .bind(at)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      Future<?> unused = group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw new IOException(
          "cannot listen at %s:%d: %s"
              .formatted(
                  at.getAddress().getHostAddress(), at.getPort(), bound.cause().getMessage()),
          bound.cause());
    }
    return new TcpServer(group, bound.channel());
  }

  /** The port. */
  public int port() {
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  /** Stops to listen and closes all connections. */
  @Override
  public void close() {
    channel.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  /** Lets few connections in. */
  private static final class Limited extends ChannelInitializer<Channel> {
    private final AtomicInteger open = new AtomicInteger();
    private final ControlServer.Pipeline pipeline;

    Limited(ControlServer.Pipeline pipeline) {
      this.pipeline = pipeline;
    }

    @Override
    protected void initChannel(Channel connection) {
      int now = open.incrementAndGet();
      ChannelFuture unused = connection.closeFuture().addListener(closed -> open.decrementAndGet());
      if (now > MAX_CONNECTIONS) {
        connection.close();
      } else {
        pipeline.initChannel(connection);
      }
    }
  }
}
