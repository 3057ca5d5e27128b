/// How a call ends: a gRPC status code and one sentence.
///
/// The sentence is percent-encoded on its way out and cut at `messageLimit` bytes. It must never
/// contain a secret.
package struct RPCStatus: Sendable {
    /// The codes of gRPC.
    ///
    /// Source: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
    package enum Code: UInt8, BitwiseCopyable, CaseIterable, Sendable {
        case ok = 0
        case cancelled = 1
        case unknown = 2
        case invalidArgument = 3
        case deadlineExceeded = 4
        case notFound = 5
        case alreadyExists = 6
        case permissionDenied = 7
        case resourceExhausted = 8
        case failedPrecondition = 9
        case aborted = 10
        case outOfRange = 11
        case unimplemented = 12
        case `internal` = 13
        case unavailable = 14
        case dataLoss = 15
        case unauthenticated = 16

        /// The code in decimal, as `grpc-status` carries it.
        var digits: StaticString {
            switch self {
            case .ok: "0"
            case .cancelled: "1"
            case .unknown: "2"
            case .invalidArgument: "3"
            case .deadlineExceeded: "4"
            case .notFound: "5"
            case .alreadyExists: "6"
            case .permissionDenied: "7"
            case .resourceExhausted: "8"
            case .failedPrecondition: "9"
            case .aborted: "10"
            case .outOfRange: "11"
            case .unimplemented: "12"
            case .internal: "13"
            case .unavailable: "14"
            case .dataLoss: "15"
            case .unauthenticated: "16"
            }
        }
    }

    /// The most bytes of a message that are sent, before encoding.
    package static let messageLimit = 1024

    package let code: Code
    let message: Message

    /// A constant sentence costs nothing; a made one is for what happens rarely.
    enum Message: Sendable {
        case constant(StaticString)
        case text(String)
    }

    package init(_ code: Code, _ message: StaticString = "") {
        self.code = code
        self.message = .constant(message)
    }

    package init(_ code: Code, text: String) {
        self.code = code
        message = .text(text)
    }

    package static let ok = RPCStatus(.ok)

    package static func invalidArgument(_ message: StaticString) -> RPCStatus {
        RPCStatus(.invalidArgument, message)
    }

    package static func notFound(_ message: StaticString) -> RPCStatus {
        RPCStatus(.notFound, message)
    }

    package static func permissionDenied(_ message: StaticString) -> RPCStatus {
        RPCStatus(.permissionDenied, message)
    }

    package static func resourceExhausted(_ message: StaticString) -> RPCStatus {
        RPCStatus(.resourceExhausted, message)
    }

    package static func unauthenticated(_ message: StaticString) -> RPCStatus {
        RPCStatus(.unauthenticated, message)
    }

    package static func unavailable(_ message: StaticString) -> RPCStatus {
        RPCStatus(.unavailable, message)
    }

    package static func unimplemented(_ message: StaticString) -> RPCStatus {
        RPCStatus(.unimplemented, message)
    }

    package static func internalError(_ message: StaticString) -> RPCStatus {
        RPCStatus(.internal, message)
    }

    static let deadlineExceeded = RPCStatus(
        .deadlineExceeded,
        "The deadline passed before the answer was ready."
    )
}

extension RPCStatus {
    /// Appends the message as the `grpc-message` header carries it.
    ///
    /// Every byte outside of U+0020 to U+007E, and `%` itself, becomes `%` and two hex digits.
    /// Source: gRPC over HTTP/2, "Percent-Encoded".
    func encodeMessage(into bytes: ByteStore) {
        switch message {
        case .constant(let text):
            let count = min(text.utf8CodeUnitCount, RPCStatus.messageLimit)
            for index in 0..<count { RPCStatus.encode(text.utf8Start[index], into: bytes) }
        case .text(let text):
            for byte in text.utf8.prefix(RPCStatus.messageLimit) {
                RPCStatus.encode(byte, into: bytes)
            }
        }
    }

    private static func encode(_ byte: UInt8, into bytes: ByteStore) {
        if byte >= 0x20 && byte <= 0x7E && byte != UInt8(ascii: "%") {
            bytes.append(byte)
            return
        }
        bytes.append(UInt8(ascii: "%"))
        bytes.append(hexDigit(byte >> 4))
        bytes.append(hexDigit(byte & 0xF))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? value + 0x30 : value - 10 + 0x41
    }
}
