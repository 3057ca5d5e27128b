internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2
internal import TollgateCore

/// One unary gRPC call on its own HTTP/2 stream: sends the question, collects the answer.
///
/// Confined to the stream's event loop. Its promise is kept with the message when the server ends the
/// call with status OK, and broken with an `RPCError` in every other case, which includes the deadline
/// and the end of the stream or of the connection before the trailers.
///
/// Source: gRPC over HTTP/2, "Requests" and "Responses".
final class UnaryCall: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// What is asked.
    struct Request: Sendable {
        /// `/package.Service/Method`.
        let path: String
        let endpoint: RPCEndpoint
        let message: [UInt8]
        /// When to give up; the server is told how long that is.
        let deadline: NIODeadline
        /// The largest message that is taken as an answer.
        let answerLimit: Int
    }

    /// Compressed or not (1 byte), and the length (4 bytes), before each message.
    private static let prefixLength = 5

    private let request: Request
    private let promise: EventLoopPromise<[UInt8]>
    private var received = ByteBuffer()
    private var hasHeaders = false
    private var isDone = false
    private var timer: Scheduled<Void>?

    init(_ request: Request, _ promise: EventLoopPromise<[UInt8]>) {
        self.request = request
        self.promise = promise
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: request.deadline) {
            let problem = "no answer from \(self.request.endpoint) in time"
            self.finish(.failure(RPCError(.timeout, problem)), bound.value)
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        var message = ByteBuffer()
        message.reserveCapacity(UnaryCall.prefixLength + request.message.count)
        message.writeInteger(UInt8(0))
        message.writeInteger(UInt32(clamping: request.message.count))
        message.writeBytes(request.message)
        context.write(wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
        let data = HTTP2Frame.FramePayload.Data(data: .byteBuffer(message), endStream: true)
        context.writeAndFlush(wrapOutboundOut(.data(data)), promise: nil)
        context.fireChannelActive()
    }

    private var headers: HPACKHeaders {
        var headers = HPACKHeaders()
        headers.add(name: ":method", value: "POST")
        headers.add(name: ":scheme", value: request.endpoint.tls == nil ? "http" : "https")
        headers.add(name: ":path", value: request.path)
        headers.add(name: ":authority", value: request.endpoint.authority)
        headers.add(name: "te", value: "trailers")
        headers.add(name: "content-type", value: "application/grpc")
        let milliseconds = max(1, (request.deadline - .now()).nanoseconds / 1_000_000)
        // At most eight digits may stand before the unit.
        headers.add(name: "grpc-timeout", value: "\(min(milliseconds, 99_999_999))m")
        headers.add(name: "user-agent", value: "tollgate")
        return headers
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let frame): readHeaders(frame.headers, isLast: frame.endStream, context)
        case .data(let frame): readData(frame, context)
        case .rstStream(let code): finish(UnaryCall.ended(by: code), context)
        default: break
        }
    }

    /// The headers, the trailers, or both in one when there is no message.
    private func readHeaders(
        _ headers: HPACKHeaders,
        isLast: Bool,
        _ context: ChannelHandlerContext
    ) {
        if !hasHeaders {
            // Informational answers precede the one that counts.
            let status = headers.first(name: ":status") ?? ""
            if status.hasPrefix("1") && !isLast { return }
            hasHeaders = true
            if let problem = UnaryCall.problem(in: headers, status) {
                finish(.failure(problem), context)
                return
            }
        }
        if isLast { finish(result(of: headers), context) }
    }

    private func readData(_ frame: HTTP2Frame.FramePayload.Data, _ context: ChannelHandlerContext) {
        guard case .byteBuffer(var bytes) = frame.data else { return }
        guard
            bytes.readableBytes <= UnaryCall.prefixLength + request.answerLimit
                - received.readableBytes
        else {
            let problem = "the answer is larger than \(request.answerLimit) bytes"
            finish(.failure(RPCError(.malformed, problem)), context)
            return
        }
        received.writeBuffer(&bytes)
        if frame.endStream {
            finish(.failure(RPCError(.malformed, "the answer ends without a status")), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(
            .failure(RPCError(.unreachable, "the call failed: \(Problem.text(of: error))")),
            context
        )
    }

    func channelInactive(context: ChannelHandlerContext) {
        let problem = "the connection ended before the answer was there"
        finish(.failure(RPCError(.unreachable, problem)), context)
        context.fireChannelInactive()
    }

    /// The stream may never have become active: the promise must not be forgotten then.
    func handlerRemoved(context: ChannelHandlerContext) {
        finish(.failure(RPCError(.unreachable, "the call was not made")), context)
    }

    private func finish(_ result: Result<[UInt8], RPCError>, _ context: ChannelHandlerContext) {
        if isDone { return }
        isDone = true
        timer?.cancel()
        switch result {
        case .success(let message): promise.succeed(message)
        case .failure(let problem): promise.fail(problem)
        }
        context.close(promise: nil)
    }

    /// What the trailers, and the message before them, amount to.
    private func result(of trailers: HPACKHeaders) -> Result<[UInt8], RPCError> {
        guard let text = trailers.first(name: "grpc-status"), let status = Int(text) else {
            return .failure(RPCError(.malformed, "the answer has no gRPC status"))
        }
        guard status == 0 else {
            let message = PercentEncoding.decoded(trailers.first(name: "grpc-message") ?? "")
            return .failure(RPCError(.status(RPCStatusCode(rawValue: status)), message))
        }
        guard
            let isCompressed = received.readInteger(as: UInt8.self),
            let length = received.readInteger(as: UInt32.self),
            isCompressed == 0, Int(length) == received.readableBytes
        else {
            return .failure(RPCError(.malformed, "the answer is not one uncompressed message"))
        }
        return .success(Array(received.readableBytesView))
    }

    /// Why an answer with these headers is none of gRPC; nil when it is one.
    private static func problem(in headers: HPACKHeaders, _ status: String) -> RPCError? {
        guard status == "200" else {
            return RPCError(.malformed, "the server answers with HTTP status \(status)")
        }
        let type = headers.first(name: "content-type") ?? ""
        guard
            type == "application/grpc" || type.hasPrefix("application/grpc+")
                || type.hasPrefix("application/grpc;")
        else { return RPCError(.malformed, "the server does not answer with gRPC") }
        return nil
    }

    private static func ended(by code: HTTP2ErrorCode) -> Result<[UInt8], RPCError> {
        .failure(RPCError(.unreachable, "the server ended the call: \(code)"))
    }
}

/// How `grpc-message` carries characters that a header may not.
///
/// Source: gRPC over HTTP/2, "Percent-Encoded".
enum PercentEncoding {
    /// The text; what is not well encoded stays as it is.
    static func decoded(_ text: String) -> String {
        let source = Array(text.utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.count)
        var index = 0
        while index < source.count {
            if source[index] == UInt8(ascii: "%"), index + 2 < source.count,
                let high = Text.hexDigit(source[index + 1]),
                let low = Text.hexDigit(source[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
