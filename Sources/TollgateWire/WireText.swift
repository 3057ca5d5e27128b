internal import TollgateCore

/// What a protobuf `string` may hold here: UTF-8 (RFC 3629) without NUL.
///
/// Wider than `Text.isValid` of the core, which also refuses control characters: a tab is legal in
/// a header. Whoever makes a header a field of a `CheckRequest` passes that narrower gate as well.
enum WireText {
    /// Whether the bytes of a range are text.
    @inline(__always)
    static func isValid(_ bytes: Span<UInt8>, in range: ByteRange) -> Bool {
        let start = Int(range.start)
        return isValid(bytes, from: start, to: start + Int(range.count))
    }

    /// Whether the bytes from `start` to `end` are text.
    @inline(__always)
    static func isValid(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        var index = start
        if end &- start >= 8 {
            // A byte's high bit is set where it is no ASCII, or where it is 0: 1 less wraps.
            var marks: UInt64 = 0
            let last = end &- 8
            while index < last {
                marks |= marksOfWord(at: index, in: bytes)
                index &+= 8
            }
            // It begins in the one before it when the length is no multiple of 8.
            marks |= marksOfWord(at: last, in: bytes)
            return marks & 0x8080_8080_8080_8080 == 0
                || isValidSlowly(bytes, from: start, to: end)
        }
        while index < end {
            let byte = bytes[index]
            if byte == 0 || byte >= 0x80 { return isValidSlowly(bytes, from: start, to: end) }
            index &+= 1
        }
        return true
    }

    @inline(__always)
    private static func marksOfWord(at index: Int, in bytes: Span<UInt8>) -> UInt64 {
        let word = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
        return word | (word &- 0x0101_0101_0101_0101)
    }

    @inline(never)
    private static func isValidSlowly(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        let text = bytes.extracting(start..<end)
        var index = 0
        while index < text.count {
            let lead = text[index]
            guard lead != 0 else { return false }
            if lead < 0x80 {
                index += 1
                continue
            }
            guard let length = Text.sequenceLength(text, at: index) else { return false }
            index += length
        }
        return true
    }
}
