/// A plain HTTP request as its service gets it: one message, whatever version of HTTP brought it.
///
/// ```
/// message = verb (1 byte, HTTPVerb) | length of the head (4 bytes) | head | body
/// head    = { length of the name (2 bytes) | name | length of the value (2 bytes) | value }
/// ```
///
/// Lengths are big-endian, names in lower case. The first field is `:path`, with its query; other
/// names with a colon in front are HTTP/2's.
package struct PlainRequest: Sendable {
    static let prefixBytes = 5

    package let verb: HTTPVerb
    /// Where the fields are.
    package let head: Range<Int>
    /// Where the body is; empty without one.
    package let body: Range<Int>

    /// Finds the parts of a message.
    package init(_ message: Span<UInt8>) {
        precondition(message.count >= PlainRequest.prefixBytes, "the transport makes the message")
        var count = 0
        for index in 1..<PlainRequest.prefixBytes { count = count << 8 | Int(message[index]) }
        verb = HTTPVerb(rawValue: message[0]) ?? .other
        head = PlainRequest.prefixBytes..<PlainRequest.prefixBytes + count
        body = head.upperBound..<message.count
    }

    /// The field at a place of the head, which moves to the next one; nil at the end.
    package func nextField(
        _ message: Span<UInt8>,
        at place: inout Int
    ) -> (name: Range<Int>, value: Range<Int>)? {
        guard place < head.upperBound else { return nil }
        let name = PlainRequest.text(message, at: &place)
        return (name, PlainRequest.text(message, at: &place))
    }

    private static func text(_ message: Span<UInt8>, at place: inout Int) -> Range<Int> {
        let count = Int(message[place]) << 8 | Int(message[place + 1])
        let start = place + 2
        place = start + count
        return start..<place
    }
}

extension CallSlot {
    /// Puts what the headers say in front of the body that follows, and forgets the headers.
    mutating func storePlainHead() {
        let head = headers.bytes
        let count = UInt32(clamping: head.count)
        let prefix: [5 of UInt8] = [
            self.head.verb.rawValue, UInt8(truncatingIfNeeded: count >> 24),
            UInt8(truncatingIfNeeded: count >> 16), UInt8(truncatingIfNeeded: count >> 8),
            UInt8(truncatingIfNeeded: count),
        ]
        prefix.span.withUnsafeBufferPointer { reader.store($0) }
        reader.store(head)
        headers.discard()
    }
}
