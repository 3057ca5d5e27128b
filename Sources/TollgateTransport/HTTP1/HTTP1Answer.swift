internal import NIOCore

/// Writes plain answers as HTTP/1.1 has them (RFC 9112).
enum HTTP1Answer {
    /// Appends an answer.
    ///
    /// - Parameters:
    ///   - answer: what the service said.
    ///   - traits: what the connection does behind it.
    ///   - hasBody: false for an answer to `HEAD`, which has the length of a body and none.
    ///   - buffer: what leaves at the end of the turn.
    static func write(
        _ answer: PlainAnswer,
        _ traits: HTTP1Traits,
        hasBody: Bool,
        to buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeBytes(answer.status)
        buffer.writeStaticString(" ")
        buffer.writeStaticString(phrase(answer.status))
        buffer.writeStaticString("\r\n")
        answer.forEachField { name, value in
            buffer.writeBytes(name)
            buffer.writeStaticString(": ")
            buffer.writeBytes(value)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeStaticString("content-length: ")
        let length = DecimalDigits(answer.body.count)
        length.withBytes { _ = buffer.writeBytes($0) }
        buffer.writeStaticString("\r\n")
        if traits.isLast {
            buffer.writeStaticString("connection: close\r\n")
        } else if traits.isOld {
            buffer.writeStaticString("connection: keep-alive\r\n")
        }
        buffer.writeStaticString("\r\n")
        if hasBody { buffer.writeBytes(answer.body) }
    }

    /// What people call a status; the empty phrase is one too (RFC 9112 section 4).
    private static func phrase(_ status: UnsafeBufferPointer<UInt8>) -> StaticString {
        let phrases: [15 of (status: StaticString, phrase: StaticString)] = [
            ("200", "OK"), ("400", "Bad Request"), ("401", "Unauthorized"),
            ("402", "Payment Required"), ("403", "Forbidden"), ("404", "Not Found"),
            ("405", "Method Not Allowed"), ("408", "Request Timeout"),
            ("413", "Content Too Large"), ("429", "Too Many Requests"),
            ("431", "Request Header Fields Too Large"), ("500", "Internal Server Error"),
            ("503", "Service Unavailable"), ("504", "Gateway Timeout"),
            ("505", "HTTP Version Not Supported"),
        ]
        for index in phrases.indices where status.equals(phrases[index].status) {
            return phrases[index].phrase
        }
        return ""
    }
}
