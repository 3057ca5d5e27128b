internal import HTTPTypes
internal import TollgateCore

/// What tells a request from all others in logs: an id of its own, and the trace that it is part of.
///
/// Both come from the caller when they are well-formed, and go into logs: what is not is not repeated.
struct RequestTrace: Equatable, Sendable {
    private static let idHeader = HTTPField.Name("x-request-id")
    private static let traceHeader = HTTPField.Name("traceparent")

    /// The caller's `x-request-id`, or a new one.
    let id: String
    /// The id of the trace, 32 hexadecimal digits; nil when the caller named none.
    let traceID: String?

    /// Reads the headers of a request.
    init(_ headers: HTTPFields) {
        let sent = RequestTrace.idHeader.flatMap { headers[$0] }
        id = sent.flatMap { LogIdentity.requestID($0) } ?? RequestTrace.newID()
        traceID = RequestTrace.traceHeader
            .flatMap { headers[$0] }
            .flatMap { LogIdentity.traceID(inTraceparent: $0) }
    }

    /// Adds the id to the headers of the answer.
    func mark(_ headers: inout HTTPFields) {
        if let name = RequestTrace.idHeader { headers[name] = id }
    }

    private static func newID() -> String {
        hexadecimal(UInt64.random(in: .min ... .max))
            + hexadecimal(UInt64.random(in: .min ... .max))
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
