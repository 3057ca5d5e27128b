package import TollgateCore

/// Reads `tollgate.v1.SettleRequest` into the core's report.
///
/// Refused is what cannot be, not what is unlikely: whether the reservation exists is for others to
/// say.
package enum NativeSettleRequest {
    /// The texts of a message, whatever their order in it: an id, and those of `Settlement.Field`.
    private struct Texts {
        var reservation = ByteRange.empty
        var billed = [4 of ByteRange](repeating: .empty)
    }

    /// Reads a message.
    ///
    /// - Parameters:
    ///   - message: the bytes.
    ///   - settlement: an empty report, which is filled; of no use until its next `reset` when this
    ///     throws. A text that cannot be an id of ours leaves it without a reservation, as one that
    ///     never existed.
    /// - Throws: what `WireReader` refuses; `notText`, `tooLong`; `badValue` where no reservation is
    ///   named, for counts that no request can have, or a status that HTTP does not have.
    package static func read(
        _ message: Span<UInt8>,
        into settlement: inout Settlement
    ) throws(WireError) {
        var texts = Texts()
        var counts: (input: UInt64, output: UInt64, cachedInput: UInt64) = (0, 0, 0)
        var status: UInt32 = 0
        var reader = try WireReader(message)
        while try reader.next(in: message) {
            switch reader.field {
            case 1: texts.reservation = try reader.range()
            case 2: texts.billed[0] = try reader.range()
            case 3: texts.billed[1] = try reader.range()
            case 4: texts.billed[2] = try reader.range()
            case 5: texts.billed[3] = try reader.range()
            case 6: counts.input = try reader.unsigned()
            case 7: counts.output = try reader.unsigned()
            case 8: counts.cachedInput = try reader.unsigned()
            case 9: status = try reader.unsigned32()
            case 10: settlement.latency = try reader.unsigned32()
            case 11: settlement.isCancelled = try reader.bool()
            default: break
            }
        }
        let name = message.bytes(in: texts.reservation)
        guard !name.isEmpty else { throw .badValue }
        guard Text.isValid(name) else { throw .notText }
        settlement.reservation = ReservationID(name) ?? .none
        settlement.tokens = try tokens(counts)
        guard status == 0 || (100...999).contains(status) else { throw .badValue }
        settlement.status = UInt16(status)
        // A report takes its texts in the order of its fields.
        for field in Settlement.Field.allCases {
            try append(field, message.bytes(in: texts.billed[field.rawValue]), to: &settlement)
        }
    }

    private static func tokens(
        _ counts: (input: UInt64, output: UInt64, cachedInput: UInt64)
    ) throws(WireError) -> TokenCounts {
        guard max(counts.input, counts.output, counts.cachedInput) <= Charge.highestTokens else {
            throw .badValue
        }
        return TokenCounts(
            input: counts.input,
            cachedInput: counts.cachedInput,
            output: counts.output
        )
    }

    private static func append(
        _ field: Settlement.Field,
        _ text: Span<UInt8>,
        to settlement: inout Settlement
    ) throws(WireError) {
        guard text.count <= Settlement.textLimit else { throw .tooLong }
        guard settlement.append(field, text) else { throw .notText }
    }
}

/// Writes `tollgate.v1.SettleResponse`.
package enum NativeSettleResponse {
    /// Writes `{ outcome = 1, cost_nanos = 2 }`.
    package static func write(_ outcome: SettlementOutcome, to output: inout OutputBuffer) {
        output.appendField(1, text: outcome.kind.code)
        output.appendField(2, signed: outcome.cost.nanos)
    }
}

extension SettlementOutcome.Kind {
    /// The word that callers match on.
    package var code: StaticString {
        switch self {
        case .applied: "applied"
        case .duplicate: "duplicate"
        case .late: "late"
        }
    }
}
