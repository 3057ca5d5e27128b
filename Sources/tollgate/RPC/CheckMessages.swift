internal import TollgateCore
internal import TollgateWire

/// Source: `tollgate.v1.CheckRequest`.
extension CheckQuestion {
    /// The message's bytes.
    func encoded() -> [UInt8] {
        var output = OutputBuffer()
        func text(_ field: UInt32, _ value: String) {
            if !value.isEmpty { output.appendElement(field, text: value) }
        }
        text(1, key)
        text(2, model)
        text(3, region)
        output.appendField(4, unsigned: tokens)
        output.appendField(5, unsigned: inputTokens)
        text(6, provider)
        text(7, supplier)
        text(8, action)
        text(9, clientIP)
        text(10, userAgent)
        text(11, requestID)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            output.appendElement(12) {
                $0.appendElement(1, text: key)
                $0.appendElement(2, text: value)
            }
        }
        output.appendField(13, bool: isDryRun)
        output.appendField(14, bool: wantsExplanation)
        return output.bytes.withUnsafeBufferPointer { Array($0) }
    }
}

/// Source: `tollgate.v1.CheckResponse`.
extension CheckAnswer {
    /// Reads a message; fields of later versions are passed over.
    ///
    /// - Throws: `.malformed` when the bytes are not such a message.
    init(decoding bytes: [UInt8]) throws(RPCError) {
        self.init()
        do {
            try read(bytes.span)
        } catch {
            throw RPCError(.malformed, "the server's answer cannot be read: \(error.code)")
        }
    }

    private mutating func read(_ message: Span<UInt8>) throws(WireError) {
        var reader = try WireReader(message)
        while try reader.next(in: message) {
            switch reader.field {
            case 1: isAllowed = try reader.bool()
            case 2: reason = try CheckAnswer.text(reader, message)
            case 3: self.message = try CheckAnswer.text(reader, message)
            case 4: httpStatus = try reader.unsigned32()
            case 5: reservationID = try CheckAnswer.text(reader, message)
            case 6: keyID = try CheckAnswer.text(reader, message)
            case 7: reservedCostNanos = try reader.signed()
            case 8: retryAfterMilliseconds = try reader.unsigned()
            case 9: affordableTokens = try reader.unsigned()
            case 10: limits.append(try CheckAnswer.limit(reader.message(), message))
            case 11: explanation.append(try CheckAnswer.text(reader, message))
            case 12: monitoredReason = try CheckAnswer.text(reader, message)
            default: break
            }
        }
    }

    private static func limit(
        _ reader: WireReader,
        _ message: Span<UInt8>
    ) throws(WireError) -> Limit {
        var reader = reader
        var limit = Limit()
        while try reader.next(in: message) {
            switch reader.field {
            case 1: limit.name = try text(reader, message)
            case 2: limit.level = try text(reader, message)
            case 3: limit.limit = try reader.signed()
            case 4: limit.remaining = try reader.signed()
            case 5: limit.resetMilliseconds = try reader.unsigned()
            default: break
            }
        }
        return limit
    }

    /// Text that is safe to show on a terminal, which obeys control characters.
    private static func text(
        _ reader: WireReader,
        _ message: Span<UInt8>
    ) throws(WireError) -> String {
        let bytes = message.bytes(in: try reader.range())
        guard Text.isValid(bytes) else { throw .notText }
        return bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
