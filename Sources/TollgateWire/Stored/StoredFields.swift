internal import CTollgateProto
internal import TollgateCore

/// What the stored records have in common, as it is written.
extension OutputBuffer {
    /// The bytes, copied.
    var array: [UInt8] {
        let bytes = bytes
        return [UInt8](unsafeUninitializedCapacity: bytes.count) { memory, count in
            for index in 0..<bytes.count { memory[index] = bytes[index] }
            count = bytes.count
        }
    }

    /// Writes a text unless it is empty.
    mutating func appendText(_ field: UInt32, _ text: String) {
        if !text.isEmpty { appendElement(field, text: text) }
    }

    /// Writes 16 bytes, big-endian.
    mutating func appendID(_ field: UInt32, _ id: UInt128) {
        appendElement(field) {
            for shift in stride(from: 120, through: 0, by: -8) {
                $0.append(UInt8(truncatingIfNeeded: id >> UInt128(shift)))
            }
        }
    }

    /// Writes a time unless it is 1970-01-01T00:00:00Z.
    mutating func appendTime(_ field: UInt32, _ time: WallTime) {
        if time.milliseconds != 0 { appendElement(field, fixed64: time.milliseconds) }
    }

    /// Writes pairs of texts, sorted by their names, so that a record always has the same bytes.
    mutating func appendMetadata(_ field: UInt32, _ metadata: [String: String]) {
        let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (name, value) in pairs {
            appendElement(field) {
                $0.appendText(1, name)
                $0.appendText(2, value)
            }
        }
    }
}

extension ProtobufCBinaryData {
    /// The 16 bytes of an id; nil when it has another length.
    var id: UInt128? {
        guard len == 16 else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// The text; nil when it is empty, which is how one is written that is not there.
    func optionalText() throws(WireError) -> String? {
        len == 0 ? nil : try text()
    }
}

/// The texts of a repeated field.
func texts(
    _ start: UnsafeMutablePointer<ProtobufCBinaryData>?,
    _ count: Int
) throws(WireError) -> [String] {
    var texts: [String] = []
    for element in elements(start, count) { texts.append(try element.text()) }
    return texts
}
