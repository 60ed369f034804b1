// SPDX-License-Identifier: Apache-2.0
package oasis.io.control;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Serves the control interface on a Unix socket of mode 0600, with one thread.
 *
 * <p>Pipelined requests of one connection are handled one after the other, so answers keep their
 * order and a client cannot queue work without limit.
 */
public final class ControlServer implements AutoCloseable {
  /** Longest request body; more is answered with 413. */
  public static final int MAX_BODY_BYTES = 64 << 10;

  /** Longest request line, and all header fields together. */
  static final int MAX_HEAD_BYTES = 8 << 10;

  /** A connection that is silent for so long is closed. */
  static final int IDLE_SECONDS = 60;

  /** Open connections; the next ones wait in the socket's backlog. */
  private static final int BACKLOG = 64;

  static {
    // Netty looks for a hardware address to make ids of channels unique in the world, and warns
    // where there is none; nobody needs such ids here.
    if (System.getProperty("io.netty.machineId") == null) {
      System.setProperty("io.netty.machineId", "02:00:00:00:00:01");
    }
  }

  private final SocketFile file;
  private final MultiThreadIoEventLoopGroup group;
  private final Channel channel;

  private ControlServer(SocketFile file, MultiThreadIoEventLoopGroup group, Channel channel) {
    this.file = file;
    this.group = group;
    this.channel = channel;
  }

  /**
   * Starts to serve. The socket's directory is made (mode 0700) when it is missing. A socket that
   * nobody listens on any more is replaced.
   *
   * @param socket at most 90 bytes long (sun_path holds 108, and a temporary name is used first)
   * @throws IOException when another process listens there, or the place cannot be used
   */
  public static ControlServer start(Path socket, Routes routes) throws IOException {
    return start(SocketFile.prepare(socket, false), socket, routes);
  }

  /** Starts to serve in the place of a process that may still listen there and is to end. */
  public static ControlServer replace(Path socket, Routes routes) throws IOException {
    return start(SocketFile.prepare(socket, true), socket, routes);
  }

  private static ControlServer start(SocketFile file, Path socket, Routes routes)
      throws IOException {
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("control", true), EpollIoHandler.newFactory());
    ControlServer server = null;
    try {
      Channel channel =
          new ServerBootstrap()
              .group(group)
              .channel(EpollServerDomainSocketChannel.class)
              .option(ChannelOption.SO_BACKLOG, BACKLOG)
              .childOption(ChannelOption.AUTO_READ, false)
              .childHandler(new Pipeline(routes))
              .bind(new DomainSocketAddress(file.bindAt().toFile()))
              .sync()
              .channel();
      file.publish();
      server = new ControlServer(file, group, channel);
      return server;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while opening " + socket, e);
    } finally {
      if (server == null) {
        file.discard();
        Future<?> unused = group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      }
    }
  }

  /**
   * Removes the socket that a daemon which died has left.
   *
   * @return whether there was one
   * @throws IOException when something else is there, which stays, or it cannot be removed
   */
  public static boolean removeStale(Path socket) throws IOException {
    return SocketFile.remove(socket);
  }

  /** Path of the socket. */
  public Path socket() {
    return file.path();
  }

  /** Leaves the path to the process that {@link #replace}s this one. */
  public void leave() {
    file.leave();
  }

  /** Stops to listen, removes the socket and closes all connections. */
  @Override
  public void close() {
    file.discard();
    channel.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  /** What each connection runs through. */
  static final class Pipeline extends ChannelInitializer<Channel> {
    private final Routes routes;

    Pipeline(Routes routes) {
      this.routes = routes;
    }

    @Override
    protected void initChannel(Channel connection) { // called by TcpServer, too
      connection
          .pipeline()
          .addLast(new HttpServerCodec(MAX_HEAD_BYTES, MAX_HEAD_BYTES, MAX_HEAD_BYTES))
          .addLast(new HttpServerKeepAliveHandler())
          .addLast(new FlowControlHandler())
          .addLast(new HttpObjectAggregator(MAX_BODY_BYTES, true))
          .addLast(new IdleStateHandler(0, 0, IDLE_SECONDS))
          .addLast(new ControlHandler(routes));
    }
  }
}
