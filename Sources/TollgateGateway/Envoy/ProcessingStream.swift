internal import TollgateCore
internal import TollgateWire

/// The answer to one request, as `ext_proc` shows it passing by.
///
/// Confined to its loop. Of a fixed size: nothing of the answer is kept but what it says of its use.
final class ProcessingStream {
    /// The most streams on one loop; some two kilobytes each.
    static let limit = 16_384

    private(set) var reservation = ReservationID.none
    /// Whether nothing more can be learnt: the answer is over, or it is none of ours.
    private(set) var isOver = false
    private var heldInput: UInt64 = 0
    private var status: UInt16 = 0
    private var isEncoded = false
    private var reader = UsageReader()
    /// What the proxy's own filters have counted, and the model that they name.
    private var told: UsageReader.Result?
    private var toldModel = ShortText<256>()

    /// Takes one message.
    func read(_ part: EnvoyProcessingRequest, of message: Span<UInt8>) {
        note(part.report, of: message)
        switch part.part {
        case .responseHeaders:
            status = part.status
            isEncoded = part.isEncoded
        case .responseBody where reservation != .none && !isEncoded:
            reader.read(message.bytes(in: part.body))
        case .responseBody, .responseTrailers: break
        case .requestHeaders, .requestBody, .requestTrailers, nil: return
        }
        isOver = part.isLast || reservation == .none
    }

    private func note(_ report: EnvoyUsageReport, of message: Span<UInt8>) {
        if report.reservation != .none { reservation = report.reservation }
        if report.heldInput > 0 { heldInput = report.heldInput }
        guard report.hasTokens else { return }
        told = UsageReader.Result(
            input: report.input,
            cachedInput: report.cachedInput,
            output: report.output ?? 0
        )
        toldModel.removeAll()
        toldModel.append(message.bytes(in: report.model))
    }

    /// Fills an empty report with what was used.
    ///
    /// - Parameters:
    ///   - settlement: the report.
    ///   - held: what stands for the prompt where neither the answer nor the proxy says; 0 when
    ///     nothing does.
    /// - Returns: whether that is known. What came before a client hung up counts; an answer that is
    ///   compressed, or of a kind that is not read, tells nothing.
    func fill(_ settlement: inout Settlement, heldInput held: UInt64) -> Bool {
        let heldInput = heldInput > 0 ? heldInput : held
        settlement.reservation = reservation
        settlement.status = status
        if let told {
            return settlement.fill(told, heldInput: heldInput, model: toldModel.bytes)
        }
        guard !isEncoded, let result = reader.result else { return status >= 400 }
        return settlement.fill(result, heldInput: heldInput, model: reader.model)
    }
}

extension Settlement {
    /// Takes what an answer says that was used.
    ///
    /// - Parameters:
    ///   - result: what it says.
    ///   - heldInput: what stands for the prompt when the answer does not say; 0 when nothing does.
    ///   - model: the model that was billed; empty when it is the one that was asked for.
    /// - Returns: whether enough is known.
    mutating func fill(
        _ result: UsageReader.Result,
        heldInput: UInt64,
        model: Span<UInt8>
    ) -> Bool {
        let input = result.input ?? heldInput
        guard result.input != nil || heldInput > 0 else { return false }
        tokens = TokenCounts(
            input: min(input, Charge.highestTokens),
            cachedInput: min(result.cachedInput, Charge.highestTokens),
            output: min(result.output, Charge.highestTokens)
        )
        // A name that is no text of ours is left out: what was asked for is billed.
        _ = append(.model, model)
        return true
    }
}
