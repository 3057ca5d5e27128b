internal import TollgateCore
internal import TollgateEngine
internal import TollgateWire

/// The results of a report, in JSON.
enum UsageAnswer {
    static func write(
        _ record: UsageRecord,
        of body: Span<UInt8>,
        _ result: Result<SettlementOutcome, CallFailure>,
        to output: inout OutputBuffer
    ) {
        switch result {
        case .success(let outcome): write(record, of: body, outcome, to: &output)
        case .failure(let failure):
            begin(record, of: body, to: &output)
            output.append(#""error":{"code":""#)
            output.append(failure == .unknownReservation ? "not_found" : "unavailable")
            output.append(#""}}"#)
        }
    }

    static func write(
        _ record: UsageRecord,
        of body: Span<UInt8>,
        _ outcome: SettlementOutcome,
        to output: inout OutputBuffer
    ) {
        begin(record, of: body, to: &output)
        output.append(#""outcome":""#)
        output.append(outcome.kind.code)
        output.append(#"","cost_nanos":"#)
        output.appendDecimal(signed: outcome.cost.nanos)
        output.append("}")
    }

    /// Names the record by what the caller has called it, unless that is no text of a bearable length.
    private static func begin(
        _ record: UsageRecord,
        of body: Span<UInt8>,
        to output: inout OutputBuffer
    ) {
        output.append(#"{"reservation_id":""#)
        if let name = record.name, name.count <= nameLimit, Text.isValid(body.extracting(name)) {
            output.append(body.extracting(name))
        }
        output.append(#"","#)
    }

    /// The longest name that is repeated, in bytes.
    private static let nameLimit = 128
}
