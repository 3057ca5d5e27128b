internal import COpenSSL

/// Why a connection's TLS came to an end that was not agreed on.
///
/// Passed through the pipeline with `errorCaught`, once, before the connection is closed.
package struct TLSFailure: Error, Equatable, Sendable {
    /// What kind of trouble it is; stable.
    package enum Code: String, Sendable {
        /// The peer did not agree with us on a connection.
        case handshake
        /// The peer took longer than it may to agree on a connection.
        case timeout
        /// What the peer sent on an open connection is not TLS, was changed on the way, or is too
        /// much of what carries no data.
        case record
        /// OpenSSL could not do its part, for want of memory most likely.
        case local
    }

    package let code: Code
    /// For the log; fixed texts only, nothing that the peer wrote.
    package let reason: String

    package init(code: Code, reason: String) {
        self.code = code
        self.reason = reason
    }
}

extension TLSFailure: CustomStringConvertible {
    package var description: String { "tls \(code.rawValue): \(reason)" }
}

/// OpenSSL's errors, which each thread has a queue of.
///
/// The queue is emptied before every call whose error is wanted, and read right after the call,
/// with nothing in between: what is in it could otherwise come from another connection.
enum OpenSSLErrors {
    static func clear() {
        ERR_clear_error()
    }

    /// Whether the latest error is that a PEM text has no further block.
    static var isEndOfPEM: Bool {
        let code = ERR_peek_last_error()
        return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE
    }

    /// The latest error in words; the queue is empty afterwards.
    static func takeReason() -> String {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        if let text = ERR_reason_error_string(code) { return String(cString: text) }
        return "OpenSSL error \(String(code, radix: 16))"
    }
}
