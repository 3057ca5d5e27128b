/// A call that has no answer, and why.
struct RPCError: Error, Equatable, Sendable {
    /// What kind of trouble it is.
    enum Code: Equatable, Sendable {
        /// What the caller asked for cannot be: an address, a file, a text that is too long.
        case unusable
        /// There is no connection to the server, or it was lost.
        case unreachable
        /// The server's certificate, or the client's own, was refused.
        case untrusted
        /// There was no answer in time.
        case timeout
        /// What came back is not an answer: another protocol, a broken or too large message.
        case malformed
        /// The server answered with this status.
        case status(RPCStatusCode)
    }

    let code: Code
    /// One sentence for a person; it never holds a secret of ours.
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension RPCError: CustomStringConvertible {
    var description: String {
        guard case .status(let status) = code else { return message }
        return message.isEmpty ? status.name : "\(status.name): \(message)"
    }
}

/// A gRPC status code.
///
/// Source: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
struct RPCStatusCode: RawRepresentable, Equatable, Sendable {
    let rawValue: Int

    init(rawValue: Int) {
        self.rawValue = rawValue
    }

    static let ok = RPCStatusCode(rawValue: 0)
    static let unknown = RPCStatusCode(rawValue: 2)

    private static let names = [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
        "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
        "UNAUTHENTICATED",
    ]

    /// The name that gRPC gives it.
    var name: String {
        let names = RPCStatusCode.names
        return names.indices.contains(rawValue) ? names[rawValue] : "status \(rawValue)"
    }
}
