internal import CTollgateProto
internal import TollgateCore

/// Finds `envoy.ai.request_info` in a request's metadata.
///
/// Metadata is the one place where Envoy's messages recurse (`google.protobuf.Struct`). What is not
/// read is still checked to be well formed and no deeper than `WireLimits.depth`.
enum EnvoyMetadata {
    private static let key: StaticString = "envoy.ai.request_info"

    /// Reads an entry of `filter_metadata`: `{ key = 1, value = 2 }`, the value a `Struct`.
    ///
    /// - Returns: nil when the entry belongs to another filter.
    static func structInfo(
        _ entry: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) -> AIRequestInfo? {
        var reader = entry
        var name = ByteRange.empty
        while try reader.next(in: message) {
            switch reader.field {
            case 1: name = try reader.range()
            case 2: try MessageShape.structure.check(reader.message(), of: message)
            default: break
            }
        }
        guard Text.equal(message.bytes(in: name), key) else { return nil }
        var info = AIRequestInfo()
        reader = entry
        while try reader.next(in: message) {
            if reader.field == 2 { try readStruct(reader.message(), of: message, into: &info) }
        }
        return info
    }

    /// Reads an entry of `typed_filter_metadata`: `{ key = 1, value = 2 }`, the value an
    /// `Any { type_url = 1, value = 2 }`.
    ///
    /// - Returns: nil when the entry belongs to another filter, or is of another type.
    static func typedInfo(
        _ entry: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) -> AIRequestInfo? {
        var reader = entry
        var name = ByteRange.empty
        var type = ByteRange.empty
        var value = ByteRange.empty
        while try reader.next(in: message) {
            switch reader.field {
            case 1: name = try reader.range()
            case 2:
                let any = try MapEntry(reader, of: message, mergedInto: (type, value))
                type = any.key
                value = any.value
            default: break
            }
        }
        guard
            Text.equal(message.bytes(in: name), key),
            isType(message.bytes(in: type), "/envoy.data.ai.v3.RequestInfo")
        else { return nil }
        return try readInfo(entry.message(in: value), of: message)
    }

    /// Whether a type URL names the type, whatever server it names before.
    static func isType(_ url: Span<UInt8>, _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        return url.count >= count && Text.equal(url.extracting(last: count), name)
    }

    /// Reads a `RequestInfo { model = 2, stream = 3, max_output_tokens = 4, estimated_input_tokens
    /// = 7 }`, the numbers each in a `…Value { value = 1 }`.
    private static func readInfo(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) -> AIRequestInfo {
        var reader = reader
        var info = AIRequestInfo()
        while try reader.next(in: message) {
            switch reader.field {
            case 2: info.model = try reader.range()
            case 3:
                info.stream =
                    try wrapped(reader.message(), of: message, info.stream == true ? 1 : 0) != 0
            case 4:
                info.maxOutputTokens = try wrapped(
                    reader.message(),
                    of: message,
                    info.maxOutputTokens ?? 0
                )
            case 7:
                let earlier = info.estimatedInputTokens ?? 0
                info.estimatedInputTokens = try wrapped(reader.message(), of: message, earlier)
            default: break
            }
        }
        return info
    }

    /// The number in a `BoolValue` or `UInt64Value`; `earlier` when this one leaves it out.
    static func wrapped(
        _ reader: WireReader,
        of message: Span<UInt8>,
        _ earlier: UInt64
    ) throws(WireError) -> UInt64 {
        var reader = reader
        var value = earlier
        while try reader.next(in: message) {
            if reader.field == 1 { value = try reader.unsigned() }
        }
        return value
    }

    private static func readStruct(
        _ reader: WireReader,
        of message: Span<UInt8>,
        into info: inout AIRequestInfo
    ) throws(WireError) {
        try forEachField(of: reader, in: message) { name, value in
            store(value, as: message.bytes(in: name), into: &info)
        }
    }

    /// Calls back for each field of a `Struct { fields = 1 }`, entries `{ key = 1, value = 2 }`.
    static func forEachField(
        of reader: WireReader,
        in message: Span<UInt8>,
        _ body: (ByteRange, Scalar) -> Void
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            guard reader.field == 1 else { continue }
            var entry = try reader.message()
            var name = ByteRange.empty
            var value = Scalar.other
            while try entry.next(in: message) {
                switch entry.field {
                case 1: name = try entry.range()
                case 2: value = try scalar(entry.message(), of: message, after: value)
                default: break
                }
            }
            body(name, value)
        }
    }

    private static func store(
        _ value: Scalar,
        as name: Span<UInt8>,
        into info: inout AIRequestInfo
    ) {
        if Text.equal(name, "model") {
            info.model = value.text
        } else if Text.equal(name, "stream") {
            info.stream = value.bool
        } else if Text.equal(name, "max_output_tokens") {
            info.maxOutputTokens = value.count
        } else if Text.equal(name, "estimated_input_tokens") {
            info.estimatedInputTokens = value.count
        }
    }

    /// What a `Value` holds.
    enum Scalar {
        case number(Double)
        case text(ByteRange)
        case bool(Bool)
        /// Nothing, null, a list or a structure.
        case other

        var text: ByteRange {
            if case .text(let range) = self { range } else { .empty }
        }

        var bool: Bool? {
            if case .bool(let value) = self { value } else { nil }
        }

        /// The number as a count: rounded up; nil when it is none.
        var count: UInt64? {
            guard case .number(let value) = self, value >= 0, value < 0x1p63 else { return nil }
            return UInt64(value.rounded(.up))
        }
    }

    /// Reads a `Value { null_value = 1, number_value = 2, string_value = 3, bool_value = 4,
    /// struct_value = 5, list_value = 6 }`, of whose fields the last one counts.
    private static func scalar(
        _ reader: WireReader,
        of message: Span<UInt8>,
        after earlier: Scalar
    ) throws(WireError) -> Scalar {
        var reader = reader
        var value = earlier
        while try reader.next(in: message) {
            switch reader.field {
            case 2: value = .number(try reader.double())
            case 3: value = .text(try reader.range())
            case 4: value = .bool(try reader.bool())
            case 1, 5, 6: value = .other
            default: break
            }
        }
        return value
    }
}
