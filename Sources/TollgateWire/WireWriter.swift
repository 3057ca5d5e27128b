/// Protobuf, written front to back.
///
/// Numbers and texts that are zero or empty are left out, as proto3 has it, by the functions called
/// `appendField`; elements of repeated fields and members of a `oneof` must be there even then,
/// which is what `appendElement` is for.
extension OutputBuffer {
    /// Writes a varint in as few bytes as it takes.
    @inline(__always)
    package mutating func appendVarint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        append(UInt8(truncatingIfNeeded: value))
    }

    /// Writes the tag of a field.
    @inline(__always)
    package mutating func appendTag(_ field: UInt32, _ type: WireReader.WireType) {
        appendVarint(UInt64(field) << 3 | UInt64(type.rawValue))
    }

    /// Writes a `uint32`, `uint64` or enum unless it is 0.
    package mutating func appendField(_ field: UInt32, unsigned value: UInt64) {
        if value != 0 { appendElement(field, unsigned: value) }
    }

    /// Writes an `int32` or `int64` unless it is 0.
    package mutating func appendField(_ field: UInt32, signed value: Int64) {
        appendField(field, unsigned: UInt64(bitPattern: value))
    }

    /// Writes a `bool` unless it is false.
    package mutating func appendField(_ field: UInt32, bool value: Bool) {
        appendField(field, unsigned: value ? 1 : 0)
    }

    /// Writes a `string` or `bytes` unless it is empty.
    package mutating func appendField(_ field: UInt32, bytes: Span<UInt8>) {
        if !bytes.isEmpty { appendElement(field, bytes: bytes) }
    }

    /// Writes a `string` unless it is empty.
    package mutating func appendField(_ field: UInt32, text: StaticString) {
        if text.utf8CodeUnitCount != 0 { appendElement(field, text: text) }
    }

    /// Writes a number, also 0.
    package mutating func appendElement(_ field: UInt32, unsigned value: UInt64) {
        appendTag(field, .varint)
        appendVarint(value)
    }

    /// Writes a `double`, also 0.
    package mutating func appendElement(_ field: UInt32, double value: Double) {
        appendElement(field, fixed64: Int64(bitPattern: value.bitPattern))
    }

    /// Writes an `sfixed64`, also 0.
    package mutating func appendElement(_ field: UInt32, fixed64 value: Int64) {
        appendTag(field, .fixed64)
        for place in 0..<8 {
            append(UInt8(truncatingIfNeeded: value >> Int64(8 * place)))
        }
    }

    /// Writes a `string` or `bytes`, also an empty one.
    package mutating func appendElement(_ field: UInt32, bytes: Span<UInt8>) {
        appendTag(field, .lengthDelimited)
        appendVarint(UInt64(bytes.count))
        append(bytes)
    }

    /// Writes a `string`, also an empty one.
    package mutating func appendElement(_ field: UInt32, text: StaticString) {
        appendTag(field, .lengthDelimited)
        appendVarint(UInt64(text.utf8CodeUnitCount))
        append(text)
    }

    /// Writes a `string`, also an empty one.
    package mutating func appendElement(_ field: UInt32, text: String) {
        appendTag(field, .lengthDelimited)
        appendVarint(UInt64(text.utf8.count))
        append(string: text)
    }

    /// Writes a message, or a text, that `body` writes.
    @inline(__always)
    package mutating func appendElement(
        _ field: UInt32,
        _ body: (inout OutputBuffer) -> Void
    ) {
        let mark = beginElement(field)
        body(&self)
        endElement(mark)
    }

    /// Where an element's length stands that is not known yet.
    package struct ElementMark: Sendable {
        fileprivate let place: Int
    }

    /// Begins a message, or a text, whose length is not known yet.
    ///
    /// - Returns: what `endElement` needs; elements end in the reverse order of their beginnings.
    @inline(__always)
    package mutating func beginElement(_ field: UInt32) -> ElementMark {
        appendTag(field, .lengthDelimited)
        append(0)
        return ElementMark(place: count - 1)
    }

    /// Ends an element: writes its length where it belongs.
    @inline(__always)
    package mutating func endElement(_ mark: ElementMark) {
        let length = count - mark.place - 1
        if length < 0x80 {
            self[mark.place] = UInt8(truncatingIfNeeded: length)
        } else {
            endLongElement(mark, length)
        }
    }

    /// Most elements are short and have one byte for their length; this makes room for the others.
    @inline(never)
    private mutating func endLongElement(_ mark: ElementMark, _ length: Int) {
        var width = 1
        while length >> (7 * width) != 0 { width += 1 }
        insertGap(of: width - 1, at: mark.place + 1)
        for place in 0..<width {
            let more: UInt8 = place < width - 1 ? 0x80 : 0
            self[mark.place + place] = UInt8(length >> (7 * place) & 0x7F) | more
        }
    }
}
