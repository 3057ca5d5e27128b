/// `tollgate.v1.SettleRequest`: what an allowed request really used.
///
/// The ranges lie in the message that it was made from.
package struct NativeSettleRequest: Sendable {
    package private(set) var reservationID = ByteRange.empty
    package private(set) var model = ByteRange.empty
    package private(set) var provider = ByteRange.empty
    package private(set) var supplier = ByteRange.empty
    package private(set) var region = ByteRange.empty
    package private(set) var inputTokens: UInt64 = 0
    package private(set) var outputTokens: UInt64 = 0
    package private(set) var cachedInputTokens: UInt64 = 0
    /// The upstream's HTTP status; 0 when it was not reported.
    package private(set) var status: UInt32 = 0
    package private(set) var latencyMilliseconds: UInt32 = 0
    package private(set) var isCancelled = false

    /// Reads a message.
    ///
    /// - Throws: what `WireReader` refuses, and `notText`.
    package init(_ message: Span<UInt8>) throws(WireError) {
        var reader = try WireReader(message)
        while try reader.next(in: message) {
            switch reader.field {
            case 1: reservationID = try reader.range()
            case 2: model = try reader.range()
            case 3: provider = try reader.range()
            case 4: supplier = try reader.range()
            case 5: region = try reader.range()
            case 6: inputTokens = try reader.unsigned()
            case 7: outputTokens = try reader.unsigned()
            case 8: cachedInputTokens = try reader.unsigned()
            case 9: status = try reader.unsigned32()
            case 10: latencyMilliseconds = try reader.unsigned32()
            case 11: isCancelled = try reader.bool()
            default: break
            }
        }
        guard
            WireText.isValid(message, in: reservationID),
            WireText.isValid(message, in: model), WireText.isValid(message, in: provider),
            WireText.isValid(message, in: supplier), WireText.isValid(message, in: region)
        else { throw .notText }
    }
}

/// Writes `tollgate.v1.SettleResponse`.
package enum NativeSettleResponse {
    /// What became of a report.
    ///
    /// The code is what callers match on.
    package enum Outcome: Sendable {
        case applied
        /// Reported before; the first report stands.
        case duplicate
        /// The reservation had already ended by its age.
        case late

        package var code: StaticString {
            switch self {
            case .applied: "applied"
            case .duplicate: "duplicate"
            case .late: "late"
            }
        }
    }

    /// Writes `{ outcome = 1, cost_nanos = 2 }`.
    package static func write(
        _ outcome: Outcome,
        costNanos: Int64,
        to output: inout OutputBuffer
    ) {
        output.appendField(1, text: outcome.code)
        output.appendField(2, signed: costNanos)
    }
}
