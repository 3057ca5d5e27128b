/// HTTP/2 frames written by hand, so that tests can also write wrong ones.
package enum RawFrames {
    package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// Types of RFC 9113 section 6.
    package enum Kind: UInt8 {
        case data = 0
        case headers = 1
        case priority = 2
        case reset = 3
        case settings = 4
        case pushPromise = 5
        case ping = 6
        case goaway = 7
        case windowUpdate = 8
        case continuation = 9
        case unknown = 0xEE
    }

    package static let endStream: UInt8 = 0x1
    package static let acknowledge: UInt8 = 0x1
    package static let endHeaders: UInt8 = 0x4

    package static func frame(
        _ kind: Kind,
        flags: UInt8 = 0,
        stream: Int = 0,
        _ payload: [UInt8] = []
    ) -> [UInt8] {
        let length = payload.count
        return [UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF)]
            + [kind.rawValue, flags] + big(UInt32(stream)) + payload
    }

    package static func big(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }

    /// The preface and our SETTINGS: identifiers and values.
    package static func opening(_ settings: [(UInt16, UInt32)] = []) -> [UInt8] {
        preface + self.settings(settings)
    }

    package static func settings(_ settings: [(UInt16, UInt32)]) -> [UInt8] {
        frame(.settings, settings.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] + big($1) })
    }

    package static let settingsAck = frame(.settings, flags: acknowledge)

    package static func ping(_ byte: UInt8 = 0, isAnswer: Bool = false) -> [UInt8] {
        frame(.ping, flags: isAnswer ? acknowledge : 0, Array(repeating: byte, count: 8))
    }

    package static func reset(_ stream: Int, _ code: UInt32 = 8) -> [UInt8] {
        frame(.reset, stream: stream, big(code))
    }

    package static func windowUpdate(_ stream: Int, _ increment: UInt32) -> [UInt8] {
        frame(.windowUpdate, stream: stream, big(increment))
    }

    package static func goaway(last: Int = 0, _ code: UInt32 = 0) -> [UInt8] {
        frame(.goaway, big(UInt32(last)) + big(code))
    }

    /// Fields as literals without indexing (RFC 7541 section 6.2.2).
    package static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + string($0) + string($1) }
    }

    private static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        if bytes.count < 127 { return [UInt8(bytes.count)] + bytes }
        var left = bytes.count - 127
        var length: [UInt8] = [127]
        while left >= 128 {
            length.append(UInt8(left & 0x7F) | 0x80)
            left >>= 7
        }
        return length + [UInt8(left)] + bytes
    }

    package static func headers(
        _ stream: Int,
        _ fields: [(String, String)],
        ends: Bool = false
    ) -> [UInt8] {
        frame(.headers, flags: endHeaders | (ends ? endStream : 0), stream: stream, block(fields))
    }

    package static func data(_ stream: Int, _ bytes: [UInt8], ends: Bool = true) -> [UInt8] {
        frame(.data, flags: ends ? endStream : 0, stream: stream, bytes)
    }

    /// The headers that a gRPC client sends, with some replaced (or left out, when empty).
    package static func fields(
        _ path: String = "/test.Echo/Unary",
        replacing: [(String, String)] = []
    ) -> [(String, String)] {
        var fields = [
            (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "test"),
            ("te", "trailers"), ("content-type", "application/grpc"),
        ]
        for (name, value) in replacing {
            if let index = fields.firstIndex(where: { $0.0 == name }) {
                fields[index].1 = value
            } else {
                fields.append((name, value))
            }
        }
        return fields.filter { !$0.1.isEmpty }
    }

    /// A message with its prefix.
    package static func message(_ bytes: [UInt8]) -> [UInt8] {
        [0] + big(UInt32(bytes.count)) + bytes
    }

    /// A whole unary call.
    package static func unary(
        _ stream: Int,
        _ bytes: [UInt8] = Array("hello".utf8),
        _ replacing: [(String, String)] = []
    ) -> [UInt8] {
        headers(stream, fields(replacing: replacing)) + data(stream, message(bytes))
    }
}
