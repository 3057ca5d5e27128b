/// Why bytes were refused as a message.
///
/// No case carries anything of the message: an error may be logged, a message may hold a secret.
package enum WireError: UInt8, Error, CaseIterable, Sendable {
    /// The bytes end inside a field, or a length points behind the end.
    case truncated = 1
    /// A tag, a varint or a wire type that no encoder writes.
    case malformed = 2
    /// A field of another wire type than its definition has.
    case wrongType = 3
    /// Messages inside messages, more than `WireLimits.depth` deep.
    case tooDeep = 4
    /// More elements than a message of this kind may have, or a larger message than is taken.
    case tooMany = 5
    /// A text that is not UTF-8, or holds a NUL or another character that it may not hold.
    case notText = 6
    /// A text that is longer than its field's limit.
    case tooLong = 7
    /// A value outside its range: an address that is none, an id that is none.
    case badValue = 8
    /// A field that this version does not know, where none may be lost.
    case unknownField = 9

    /// The stable code, for logs and metrics.
    package var code: StaticString {
        switch self {
        case .truncated: "truncated"
        case .malformed: "malformed"
        case .wrongType: "wrong_type"
        case .tooDeep: "too_deep"
        case .tooMany: "too_many"
        case .notText: "not_text"
        case .tooLong: "too_long"
        case .badValue: "bad_value"
        case .unknownField: "unknown_field"
        }
    }
}

/// The bounds of what is read from the wire.
package enum WireLimits {
    /// How many messages may lie inside each other, the outermost included.
    package static let depth = 32

    /// The most headers in one Envoy request.
    package static let headers = 1000
}

/// A run of bytes in a message.
///
/// It says where, not what: whoever holds one also keeps the message.
package struct ByteRange: BitwiseCopyable, Equatable, Sendable {
    package var start: UInt32
    package var count: UInt32

    package init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    /// No bytes at all.
    package static let empty = ByteRange(start: 0, count: 0)

    /// Whether there are no bytes.
    package var isEmpty: Bool { count == 0 }
}

extension Span<UInt8> {
    /// The bytes of a range that came from a reader of this very message.
    @_lifetime(copy self)
    @inline(__always)
    package func bytes(in range: ByteRange) -> Span<UInt8> {
        let start = Int(range.start)
        return extracting(start..<start + Int(range.count))
    }
}
