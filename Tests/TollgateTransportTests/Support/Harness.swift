internal import HTTP2Testing
internal import TollgateTransport

/// A loop in memory whose service notes what it is told.
typealias Harness = LoopHarness<RecordingService>

extension LoopHarness<RecordingService> {
    convenience init(_ change: (inout TransportConfiguration) -> Void = { _ in }) throws {
        try self.init(methods: testMethods, change) { loop in RecordingService(loop) }
    }
}

/// A harness whose service answers plain requests with 200, a header and a body.
func plainHarness(
    _ body: String = "",
    _ change: (inout TransportConfiguration) -> Void = { _ in }
) throws -> Harness {
    let harness = try Harness(change)
    harness.service.onUnary = { call, _ in
        let field = [3] + Array("x-a".utf8) + [0, 1] + Array("b".utf8)
        let answer = Array("200".utf8) + field + [0] + Array(body.utf8)
        harness.loop.reply(to: call, with: answer.span, .afterCommit)
    }
    return harness
}

/// A request over HTTP/1.1, and what `plainHarness` answers.
let get = "GET /plain HTTP/1.1\r\nhost: a\r\n\r\n"
let allowed = "HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 0\r\n\r\n"

/// The same where the connection ends behind it.
let lastGet = "GET /plain HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
let lastAllowed = "HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

extension LoopConnection {
    /// What the server wrote since the last time.
    func text() throws -> String {
        String(decoding: try receivedBytes(), as: UTF8.self)
    }
}
