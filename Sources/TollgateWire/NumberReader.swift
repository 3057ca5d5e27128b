/// The numbers on the wire, each given back with the place behind it.
///
/// Apart from the reader, so that the reader's own state can stay in registers.
enum NumberReader {
    /// The number of a field that is not length-delimited.
    @inline(never)
    static func number(
        _ type: WireReader.WireType,
        _ bytes: Span<UInt8>,
        from start: Int,
        to end: Int
    ) throws(WireError) -> (UInt64, Int) {
        switch type {
        case .varint: try varint(bytes, from: start, to: end)
        case .fixed64: try fixed(8, bytes, from: start, to: end)
        case .fixed32: try fixed(4, bytes, from: start, to: end)
        case .lengthDelimited: throw .malformed
        }
    }

    /// A tag or a length of more than one byte.
    @inline(never)
    static func short(
        _ bytes: Span<UInt8>,
        from start: Int,
        to end: Int
    ) throws(WireError) -> (UInt32, Int) {
        // Two bytes nearly always.
        if end &- start >= 2, bytes[start &+ 1] < 0x80 {
            return (UInt32(bytes[start] & 0x7F) | UInt32(bytes[start &+ 1]) << 7, start &+ 2)
        }
        var value: UInt64 = 0
        for place in 0..<5 {
            guard start + place < end else { throw .truncated }
            let byte = bytes[start + place]
            value |= UInt64(byte & 0x7F) << UInt64(7 * place)
            if byte < 0x80 {
                guard value <= UInt64(UInt32.max) else { throw .malformed }
                return (UInt32(value), start + place + 1)
            }
        }
        throw .malformed
    }

    /// A varint of at most 10 bytes that fits 64 bits.
    private static func varint(
        _ bytes: Span<UInt8>,
        from start: Int,
        to end: Int
    ) throws(WireError) -> (UInt64, Int) {
        var value: UInt64 = 0
        for place in 0..<10 {
            guard start + place < end else { throw .truncated }
            let byte = bytes[start + place]
            value |= UInt64(byte & 0x7F) &<< UInt64(7 * place)
            if byte < 0x80 {
                guard place < 9 || byte <= 1 else { throw .malformed }
                return (value, start + place + 1)
            }
        }
        throw .malformed
    }

    /// A number of so many bytes, little-endian.
    private static func fixed(
        _ width: Int,
        _ bytes: Span<UInt8>,
        from start: Int,
        to end: Int
    ) throws(WireError) -> (UInt64, Int) {
        guard width <= end - start else { throw .truncated }
        var value: UInt64 = 0
        for place in 0..<width { value |= UInt64(bytes[start + place]) << UInt64(8 * place) }
        return (value, start + width)
    }
}
