/// Reads the fields of one protobuf message, one after the other, in place.
///
/// A reader is a place in the bytes and not the bytes: whoever reads passes them, the whole message
/// with every call, which lets readers be copied like numbers and live in registers. Every byte is
/// reached through the `Span`, whose bounds are checked. Nothing is allocated, and nested messages
/// are read by another reader of the same bytes, not by recursion here. Refused
/// are: groups (wire types 3 and 4) and the unused wire types 6 and 7, field number 0, tags and
/// lengths of more than 5 bytes, varints that do not fit 64 bits, and lengths that reach behind the
/// end of their message.
///
/// ```swift
/// var reader = try WireReader(message)
/// while try reader.next(in: message) {
///     switch reader.field {
///     case 1: name = try reader.range()
///     case 2: try readAddress(reader.message(), of: message)
///     default: break
///     }
/// }
/// ```
///
/// Source: the protobuf encoding guide; field numbers stand where the messages are read.
package struct WireReader: BitwiseCopyable, Sendable {
    /// The wire types that exist in proto3, by their numbers.
    package enum WireType: UInt8, BitwiseCopyable, Sendable {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    private var index: Int
    private let end: Int
    private let depth: UInt8

    /// The number of the current field.
    package private(set) var field: UInt32 = 0

    /// The wire type of the current field.
    package private(set) var type = WireType.varint

    /// A varint or a fixed number.
    private var number: UInt64 = 0

    /// Where the payload of a length-delimited field begins; it ends at `index`.
    private var start = 0

    /// A reader at the start of a message.
    ///
    /// - Throws: `tooMany` when the message is so large that positions do not fit 32 bits.
    package init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count <= Int(Int32.max) else { throw .tooMany }
        self.init(from: 0, to: bytes.count, depth: 1)
    }

    @inline(__always)
    private init(from start: Int, to end: Int, depth: UInt8) {
        index = start
        self.end = end
        self.depth = depth
    }

    /// Goes to the next field; false at the end of the message.
    @inline(__always)
    package mutating func next(in bytes: Span<UInt8>) throws(WireError) -> Bool {
        guard index < end else { return false }
        let tag = try shortVarint(bytes)
        field = tag >> 3
        guard field != 0 else { throw .malformed }
        if tag & 7 == 2 {
            let count = Int(try shortVarint(bytes))
            guard count <= end &- index else { throw .truncated }
            type = .lengthDelimited
            start = index
            index &+= count
        } else {
            guard let type = WireType(rawValue: UInt8(tag & 7)) else { throw .malformed }
            self.type = type
            (number, index) = try NumberReader.number(type, bytes, from: index, to: end)
        }
        return true
    }

    /// A tag or a length: a varint of at most 5 bytes that fits 32 bits.
    @inline(__always)
    private mutating func shortVarint(_ bytes: Span<UInt8>) throws(WireError) -> UInt32 {
        guard index < end else { throw .truncated }
        let first = bytes[index]
        index &+= 1
        if first < 0x80 { return UInt32(first) }
        let value: UInt32
        (value, index) = try NumberReader.short(bytes, from: index &- 1, to: end)
        return value
    }

    /// The payload of the current field, which must be length-delimited.
    @inline(__always)
    package func range() throws(WireError) -> ByteRange {
        guard type == .lengthDelimited else { throw .wrongType }
        return ByteRange(
            start: UInt32(truncatingIfNeeded: start),
            count: UInt32(truncatingIfNeeded: index &- start)
        )
    }

    /// The current field as an unsigned number; also `bool` (not zero) and enums.
    @inline(__always)
    package func unsigned() throws(WireError) -> UInt64 {
        guard type == .varint else { throw .wrongType }
        return number
    }

    /// The current field as `int32`, `int64` or an enum: two's complement, no zigzag.
    @inline(__always)
    package func signed() throws(WireError) -> Int64 {
        Int64(bitPattern: try unsigned())
    }

    /// The current field as `uint32`: the lower half of what was sent, as every decoder does it.
    @inline(__always)
    package func unsigned32() throws(WireError) -> UInt32 {
        UInt32(truncatingIfNeeded: try unsigned())
    }

    /// The current field as `bool`.
    @inline(__always)
    package func bool() throws(WireError) -> Bool {
        try unsigned() != 0
    }

    /// The current field as `double`.
    package func double() throws(WireError) -> Double {
        guard type == .fixed64 else { throw .wrongType }
        return Double(bitPattern: number)
    }

    /// A reader of the message that the current field holds.
    ///
    /// - Throws: `tooDeep` at `WireLimits.depth`.
    @inline(__always)
    package func message() throws(WireError) -> WireReader {
        guard type == .lengthDelimited else { throw .wrongType }
        guard depth < WireLimits.depth else { throw .tooDeep }
        return WireReader(from: start, to: index, depth: depth &+ 1)
    }

    /// What the message that the current field holds consists of, when that is two short texts,
    /// numbered 1 and 2 and in this order; nil for any other message.
    ///
    /// Every encoder writes the entries of a map like this, and a request is full of them.
    @inline(__always)
    func plainPair(in bytes: Span<UInt8>) -> (ByteRange, ByteRange)? {
        guard
            type == .lengthDelimited, index &- start >= 4,
            bytes[start] == 0x0A, bytes[start &+ 1] < 0x80
        else { return nil }
        let second = start &+ 2 &+ Int(bytes[start &+ 1])
        guard
            index &- second >= 2, bytes[second] == 0x12, bytes[second &+ 1] < 0x80,
            second &+ 2 &+ Int(bytes[second &+ 1]) == index
        else { return nil }
        func range(_ from: Int, _ to: Int) -> ByteRange {
            ByteRange(
                start: UInt32(truncatingIfNeeded: from),
                count: UInt32(truncatingIfNeeded: to &- from)
            )
        }
        return (range(start &+ 2, second), range(second &+ 2, index))
    }

    /// Goes to the next field when it is a pair as above with this tag, of one byte; nil for any
    /// other, which stays the next.
    ///
    /// The way through the headers of a request: two comparisons for the six bytes of framing of
    /// each, instead of one for every byte.
    @inline(__always)
    mutating func nextPlainPair(
        tagged tag: UInt8,
        in bytes: Span<UInt8>
    ) -> (ByteRange, ByteRange)? {
        guard end &- index >= 6 else { return nil }
        // The tag, the length of the pair, tag 1 and the length of the first text.
        let head = UInt32(
            littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt32.self)
        )
        guard head & 0x80FF_80FF == 0x000A_0000 | UInt32(tag) else { return nil }
        let limit = index &+ 2 &+ Int(head >> 8 & 0x7F)
        let first = index &+ 4
        let second = first &+ Int(head >> 24)
        guard limit <= end, second &+ 2 <= limit else { return nil }
        // Tag 2 and the length of the second text, which ends where the pair does.
        let middle = UInt16(
            littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: second, as: UInt16.self)
        )
        guard middle & 0x80FF == 0x0012, second &+ 2 &+ Int(middle >> 8) == limit else {
            return nil
        }
        index = limit
        return (
            ByteRange(start: UInt32(truncatingIfNeeded: first), count: head >> 24),
            ByteRange(start: UInt32(truncatingIfNeeded: second &+ 2), count: UInt32(middle >> 8))
        )
    }

    /// A reader of the message that lies in a range which this reader gave before.
    ///
    /// - Throws: `tooDeep` at `WireLimits.depth`.
    package func message(in range: ByteRange) throws(WireError) -> WireReader {
        guard depth < WireLimits.depth else { throw .tooDeep }
        let from = Int(range.start)
        let to = from + Int(range.count)
        return WireReader(from: from, to: to, depth: depth &+ 1)
    }

    /// A reader of the rest of the message around this one, which ends at `end`.
    ///
    /// For those who walk down and up again without a call for each level.
    func parent(endingAt end: Int) -> WireReader {
        WireReader(from: self.end, to: end, depth: depth &- 1)
    }

    /// Where the message of this reader ends.
    var limit: Int { end }

    /// How many levels down this reader is, the outermost being 1.
    package var level: Int { Int(depth) }
}
