internal import NIOPosix

/// Runs what waits for the disk on threads that are there for waiting.
///
/// Neither an event loop nor Swift's own pool may wait: the one stops its connections, the other a
/// whole core. How much can queue here is bounded by the connections, each with one request.
enum Blocking {
    /// Runs a body that says by itself when it is done.
    ///
    /// - Parameter body: told whether it can be run; false when the program ends.
    static func submit(_ body: @escaping @Sendable (Bool) -> Void) {
        NIOThreadPool.singleton.submit { state in body(state == .active) }
    }

    /// Runs a body and hands over what it returns.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value
    ) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    /// Runs a body that may refuse.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(APIError) -> Value
    ) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(body)
    }
}
