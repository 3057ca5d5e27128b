/// The answer to a plain HTTP request as its service gives it, before a version of HTTP writes it.
///
/// ```
/// answer = status (3 digits) | { length of the name (1 byte) | name
///                              | length of the value (2 bytes) | value } | 0 | body
/// ```
///
/// Lengths are big-endian, names in lower case. `content-length` is not among the fields: whoever
/// writes the answer adds it, and what else the connection needs.
struct PlainAnswer {
    /// The most fields of one answer.
    static let fieldLimit = 32

    let status: UnsafeBufferPointer<UInt8>
    let body: UnsafeBufferPointer<UInt8>
    private let fields: UnsafeBufferPointer<UInt8>

    /// Finds the parts of an answer.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count > 3, "the services of this program make the answers")
        status = UnsafeBufferPointer(rebasing: bytes[0..<3])
        var place = 3
        while bytes[place] != 0 { _ = PlainAnswer.field(bytes, at: &place) }
        fields = UnsafeBufferPointer(rebasing: bytes[3..<place])
        body = UnsafeBufferPointer(rebasing: bytes[(place + 1)...])
    }

    /// Calls back with each name and value.
    func forEachField(
        _ use: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var place = 0
        while place < fields.count {
            let (name, value) = PlainAnswer.field(fields, at: &place)
            use(name, value)
        }
    }

    private static func field(
        _ bytes: UnsafeBufferPointer<UInt8>,
        at place: inout Int
    ) -> (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) {
        let name = place + 1..<place + 1 + Int(bytes[place])
        let count = Int(bytes[name.upperBound]) << 8 | Int(bytes[name.upperBound + 1])
        let value = name.upperBound + 2..<name.upperBound + 2 + count
        place = value.upperBound
        return (
            UnsafeBufferPointer(rebasing: bytes[name]), UnsafeBufferPointer(rebasing: bytes[value])
        )
    }

    /// Writes the answer to a request that no service answers, with the words that gRPC would have.
    ///
    /// - Parameters:
    ///   - status: three digits.
    ///   - code: the code of the gRPC status, which becomes the code of the JSON.
    ///   - sentence: the encoded message of the gRPC status.
    ///   - bytes: where the answer is appended.
    static func write(
        _ status: StaticString,
        _ code: RPCStatus.Code,
        _ sentence: UnsafeBufferPointer<UInt8>,
        to bytes: ByteStore
    ) {
        bytes.append(status)
        appendField("content-type", "application/json", to: bytes)
        bytes.append(0)
        bytes.append(#"{"error":{"code":""#)
        bytes.append(code.name)
        bytes.append(#"","message":""#)
        for byte in sentence {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(UInt8(ascii: "\\"))
            }
            bytes.append(byte)
        }
        bytes.append(#"","status":"#)
        bytes.append(status)
        bytes.append("}}")
    }

    private static func appendField(
        _ name: StaticString,
        _ value: StaticString,
        to bytes: ByteStore
    ) {
        bytes.append(UInt8(clamping: name.utf8CodeUnitCount))
        bytes.append(name)
        bytes.append(UInt8(value.utf8CodeUnitCount >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value.utf8CodeUnitCount))
        bytes.append(value)
    }
}

extension RPCStatus.Code {
    /// The status for callers that speak plain HTTP.
    ///
    /// Nothing that a proxy could take for an allow: every one is 4xx or 5xx.
    var plainStatus: StaticString {
        switch self {
        case .invalidArgument, .failedPrecondition, .outOfRange: "400"
        case .unauthenticated: "401"
        case .permissionDenied: "403"
        case .notFound, .unimplemented: "404"
        case .deadlineExceeded: "504"
        case .unavailable, .resourceExhausted, .aborted, .cancelled: "503"
        case .ok, .unknown, .alreadyExists, .internal, .dataLoss: "500"
        }
    }

    /// What JSON calls the code.
    var name: StaticString {
        switch self {
        case .ok: "ok"
        case .cancelled: "cancelled"
        case .unknown: "unknown"
        case .invalidArgument: "invalid_argument"
        case .deadlineExceeded: "deadline_exceeded"
        case .notFound: "not_found"
        case .alreadyExists: "already_exists"
        case .permissionDenied: "permission_denied"
        case .resourceExhausted: "resource_exhausted"
        case .failedPrecondition: "failed_precondition"
        case .aborted: "aborted"
        case .outOfRange: "out_of_range"
        case .unimplemented: "unimplemented"
        case .internal: "internal"
        case .unavailable: "unavailable"
        case .dataLoss: "data_loss"
        case .unauthenticated: "unauthenticated"
        }
    }
}
