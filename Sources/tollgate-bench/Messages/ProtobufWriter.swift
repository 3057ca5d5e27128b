/// Writes protobuf, on its own: what is measured must not also make the question.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    /// A `string` field.
    mutating func text(_ field: Int, _ value: String) {
        append(field, Array(value.utf8))
    }

    /// A number field.
    mutating func number(_ field: Int, _ value: UInt64) {
        varint(UInt64(field) << 3)
        varint(value)
    }

    /// A message field.
    mutating func message(_ field: Int, _ body: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        body(&inner)
        append(field, inner.bytes)
    }

    /// An entry of a `map<string, string>` field.
    mutating func entry(_ field: Int, _ key: String, _ value: String) {
        message(field) {
            $0.text(1, key)
            $0.text(2, value)
        }
    }

    private mutating func append(_ field: Int, _ payload: [UInt8]) {
        varint(UInt64(field) << 3 | 2)
        varint(UInt64(payload.count))
        bytes += payload
    }

    private mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
    }
}

/// Reads the fields of one protobuf message: as much as checking an answer takes.
struct ProtobufFields {
    private var numbers: [Int: UInt64] = [:]
    private var payloads: [Int: [UInt8]] = [:]

    /// The fields, nil when the bytes are no message; of a repeated field the last is kept.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let tag = ProtobufFields.varint(&rest) else { return nil }
            let field = Int(truncatingIfNeeded: tag >> 3)
            switch tag & 7 {
            case 0:
                guard let value = ProtobufFields.varint(&rest) else { return nil }
                numbers[field] = value
            case 2:
                guard let count = ProtobufFields.varint(&rest), count <= rest.count else {
                    return nil
                }
                payloads[field] = Array(rest.prefix(Int(count)))
                rest = rest.dropFirst(Int(count))
            default: return nil
            }
        }
    }

    /// A number; 0 when the field is not there, as proto3 has it.
    func number(_ field: Int) -> UInt64 { numbers[field] ?? 0 }

    /// A message; nil when it is not there.
    func message(_ field: Int) -> ProtobufFields? {
        payloads[field].flatMap { ProtobufFields($0) }
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        return nil
    }
}
