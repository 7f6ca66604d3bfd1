import NIOCore
import NIOHTTP1

/// One connection of an operator or a tool: answers its requests, one after the other.
///
/// Malformed HTTP is answered with 400 by NIO's own handlers in front of it. Lives on the admin
/// server's event loop.
final class AdminHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let pages: AdminPages
  private var head: HTTPRequestHead?
  private var bodyByteCount = 0
  /// Ends the connection when the client takes too long.
  private var patience: Scheduled<Void>?
  private var context: ChannelHandlerContext?

  init(_ pages: AdminPages) {
    self.pages = pages
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    wait(seconds: Limits.adminRequestSeconds)
  }

  func handlerRemoved(context: ChannelHandlerContext) { release() }

  func channelInactive(context: ChannelHandlerContext) {
    release()
    context.fireChannelInactive()
  }

  private func release() {
    patience?.cancel()
    patience = nil
    context = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func wait(seconds: Int64) {
    patience?.cancel()
    patience = context?.eventLoop.assumeIsolated().scheduleTask(in: .seconds(seconds)) {
      self.context?.close(promise: nil)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      bodyByteCount = 0
      wait(seconds: Limits.adminRequestSeconds)
    case .body(let bytes):
      bodyByteCount += bytes.readableBytes
      guard bodyByteCount > Limits.adminBodyBytes, let head else { return }
      self.head = nil
      let refusal = AdminPage(status: .payloadTooLarge, text: "the body is too large\n")
      send(refusal, to: head, isLast: true)
    case .end:
      guard let head else { return }
      self.head = nil
      pages.page(head.method, head.uri, on: context.eventLoop).assumeIsolated()
        .whenSuccess { self.send($0, to: head, isLast: !head.isKeepAlive) }
    }
  }

  private func send(_ page: AdminPage, to request: HTTPRequestHead, isLast: Bool) {
    guard let context else { return }
    var headers = HTTPHeaders()
    headers.add(name: "content-type", value: page.contentType)
    headers.add(name: "content-length", value: "\(page.text.utf8.count)")
    headers.add(name: "cache-control", value: "no-store")
    if page.status == .methodNotAllowed { headers.add(name: "allow", value: "GET, HEAD") }
    headers.add(name: "connection", value: isLast ? "close" : "keep-alive")
    let head = HTTPResponseHead(version: request.version, status: page.status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD {
      let body = context.channel.allocator.buffer(string: page.text)
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    wait(seconds: Limits.adminRequestSeconds)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
      if isLast {
        self.context?.close(promise: nil)
      } else {
        self.wait(seconds: Limits.adminIdleSeconds)
      }
    }
  }
}

@available(*, unavailable)
extension AdminHandler: Sendable {}
