import TollgateWire

/// Writes messages for tests, well formed or not.
enum Protobuf {
    static func field(_ number: UInt32, _ bytes: [UInt8]) -> [UInt8] {
        written { $0.appendElement(number, bytes: bytes.span) }
    }

    static func field(_ number: UInt32, _ text: String) -> [UInt8] {
        field(number, Array(text.utf8))
    }

    static func field(_ number: UInt32, _ value: UInt64) -> [UInt8] {
        written { $0.appendElement(number, unsigned: value) }
    }

    static func field(_ number: UInt32, double value: Double) -> [UInt8] {
        written { $0.appendElement(number, double: value) }
    }

    /// An entry of a map of texts.
    static func pair(_ number: UInt32, _ name: String, _ value: [UInt8]) -> [UInt8] {
        field(number, field(1, name) + field(2, value))
    }

    private static func written(_ body: (inout OutputBuffer) -> Void) -> [UInt8] {
        var output = OutputBuffer()
        body(&output)
        let bytes = output.bytes
        return bytes.indices.map { bytes[$0] }
    }
}

/// A message taken apart by its fields' numbers, without knowing its type.
struct DecodedMessage {
    private var numbers: [UInt32: [UInt64]] = [:]
    private var doubles: [UInt32: Double] = [:]
    private var payloads: [UInt32: [[UInt8]]] = [:]

    /// Reads a message.
    init(_ bytes: [UInt8]) throws {
        let span = bytes.span
        var reader = try WireReader(span)
        while try reader.next(in: span) {
            switch reader.type {
            case .lengthDelimited:
                let range = try reader.range()
                let payload = bytes[Int(range.start)...].prefix(Int(range.count))
                payloads[reader.field, default: []].append(Array(payload))
            case .varint: numbers[reader.field, default: []].append(try reader.unsigned())
            case .fixed64: doubles[reader.field] = try reader.double()
            case .fixed32: break
            }
        }
    }

    /// Whether a field is there at all.
    func has(_ field: UInt32) -> Bool {
        numbers[field] != nil || payloads[field] != nil
    }

    func number(_ field: UInt32) -> UInt64 {
        numbers[field]?.last ?? 0
    }

    /// The value of a `double`; nil when there is none.
    func double(_ field: UInt32) -> Double? {
        doubles[field]
    }

    func texts(_ field: UInt32) -> [String] {
        (payloads[field] ?? []).map { String(decoding: $0, as: UTF8.self) }
    }

    func text(_ field: UInt32) -> String {
        texts(field).last ?? ""
    }

    func messages(_ field: UInt32) throws -> [DecodedMessage] {
        try (payloads[field] ?? []).map { try DecodedMessage($0) }
    }

    func message(_ field: UInt32) throws -> DecodedMessage? {
        try messages(field).last
    }
}
