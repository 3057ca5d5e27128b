package import TollgateCore

/// Reads `tollgate.v1.CheckRequest` into the core's question.
///
/// Every text must be valid and within its field's limit, every byte of metadata must fit;
/// otherwise the message is refused and the question is of no use until its next `reset`.
package enum NativeCheckRequest {
    /// Reads a message.
    ///
    /// - Parameters:
    ///   - message: the bytes.
    ///   - request: an empty question, which is filled.
    /// - Throws: what `WireReader` refuses; `notText`, `tooLong`; `badValue` for an address that is
    ///   none, or metadata that does not fit.
    package static func read(
        _ message: Span<UInt8>,
        into request: inout CheckRequest
    ) throws(WireError) {
        var texts = FieldRanges()
        var key = ByteRange.empty
        var address = ByteRange.empty
        var reader = try WireReader(message)
        while try reader.next(in: message) {
            switch reader.field {
            case 1: key = try reader.range()
            case 2: texts[.model] = try reader.range()
            case 3: texts[.region] = try reader.range()
            case 4: request.tokens = try reader.unsigned()
            case 5: request.inputTokens = try reader.unsigned()
            case 6: texts[.provider] = try reader.range()
            case 7: texts[.supplier] = try reader.range()
            case 8: texts[.action] = try reader.range()
            case 9: address = try reader.range()
            case 10: texts[.userAgent] = try reader.range()
            case 11: texts[.requestID] = try reader.range()
            case 12: try readMetadata(MapEntry(reader, of: message), of: message, into: &request)
            case 13: request.isDryRun = try reader.bool()
            case 14: request.wantsExplanation = try reader.bool()
            default: break
            }
        }
        try present(message.bytes(in: key), in: &request)
        try setAddress(message.bytes(in: address), of: &request)
        try set(texts, of: message, in: &request)
    }

    private static func present(
        _ key: Span<UInt8>,
        in request: inout CheckRequest
    ) throws(WireError) {
        if key.isEmpty { return }
        guard Text.isValid(key) else { throw .notText }
        request.present(key)
    }

    private static func setAddress(
        _ text: Span<UInt8>,
        of request: inout CheckRequest
    ) throws(WireError) {
        if text.isEmpty { return }
        guard let address = IPAddress(text) else { throw .badValue }
        request.clientIP = address
    }

    private static func set(
        _ texts: FieldRanges,
        of message: Span<UInt8>,
        in request: inout CheckRequest
    ) throws(WireError) {
        for field in CheckRequest.Field.allCases where !texts[field].isEmpty {
            do {
                try request.set(field, to: message.bytes(in: texts[field]))
            } catch {
                throw WireError(error)
            }
        }
        if !request.has(.action) {
            do {
                try request.set(.action, to: Action.chatCompletions)
            } catch {
                throw WireError(error)
            }
        }
    }

    /// Adds an entry of `metadata`: `{ key = 1, value = 2 }`.
    private static func readMetadata(
        _ entry: MapEntry,
        of message: Span<UInt8>,
        into request: inout CheckRequest
    ) throws(WireError) {
        do {
            try request.addMetadata(
                message.bytes(in: entry.key),
                message.bytes(in: entry.value)
            )
        } catch {
            throw WireError(error)
        }
    }
}

extension WireError {
    /// What a refusal by the core's question is called here.
    fileprivate init(_ problem: CheckRequest.Problem) {
        switch problem {
        case .tooLong: self = .tooLong
        case .notText: self = .notText
        case .metadata, .badTokens: self = .badValue
        }
    }
}

/// Where each text of a question is in the message.
private struct FieldRanges {
    private var ranges = [7 of ByteRange](repeating: .empty)

    subscript(field: CheckRequest.Field) -> ByteRange {
        get { ranges[Int(field.rawValue)] }
        set { ranges[Int(field.rawValue)] = newValue }
    }
}
