internal import TollgateCore
internal import TollgateEngine

/// What a decision's request has used, as the API shows it.
struct AuditUsage {
    let outcome: String?
    let inputTokens: UInt64?
    let outputTokens: UInt64?
    let cachedInputTokens: UInt64?
    /// What counts on limits: of an expired hold, what its key's policy has left.
    let totalTokens: UInt64?
    let cost: Money?
    let reservedCost: Money?
    /// What was billed: as it was reported, and otherwise as it was asked for.
    let billedModel: String?
    let billedProvider: String?
    let billedSupplier: String?
    let billedRegion: String?
    let latency: UInt32?
    let upstreamStatus: UInt16?
    let settledAt: WallTime?
    private let requested: (tokens: UInt64, input: UInt64)

    /// Reads a row that is a decision.
    init(_ entry: AuditEntry) {
        let ending = entry.ending
        let isReported = ending.map { [.applied, .late].contains($0.ending) } ?? false
        let isDenied = entry.reason != .allowed
        func reported(_ count: UInt64?) -> UInt64? { isReported ? count : isDenied ? 0 : nil }
        outcome = entry.outcome?.rawValue
        inputTokens = reported(ending?.tokens.input)
        outputTokens = reported(ending?.tokens.output)
        cachedInputTokens = reported(ending?.tokens.cachedInput)
        totalTokens = isDenied ? 0 : ending.map { UInt64(clamping: $0.used.tokens) }
        cost = isDenied ? .zero : ending.map { Money(nanos: $0.used.cost) }
        reservedCost = isDenied ? nil : entry.reservedCost
        func billed(_ field: Settlement.Field, _ asked: CheckRequest.Field) -> String? {
            guard isReported else { return nil }
            let text = entry.billed?[field] ?? ""
            let known = text.isEmpty ? entry[asked] : text
            return known.isEmpty ? nil : known
        }
        billedModel = billed(.model, .model)
        billedProvider = billed(.provider, .provider)
        billedSupplier = billed(.supplier, .supplier)
        billedRegion = billed(.region, .region)
        latency = isReported ? ending?.latency : nil
        upstreamStatus = isReported && ending?.status != 0 ? ending?.status : nil
        settledAt = ending?.time
        requested = (entry.tokens, entry.inputTokens)
    }

    /// Appends the members of the row's document.
    func add(to members: inout [JSONValue.Member]) {
        members.append([
            "outcome": JSONValue(outcome),
            "tokens": [
                "prompt": count(inputTokens), "completion": count(outputTokens),
                "total": count(totalTokens), "cached": count(cachedInputTokens),
                "requested": JSONValue(requested.tokens),
                "requested_input": JSONValue(requested.input),
            ], "input_tokens": count(inputTokens), "output_tokens": count(outputTokens),
            "cached_input_tokens": count(cachedInputTokens),
            "cost_usd": cost.map { JSONValue($0) } ?? .null,
            "reserved_cost_usd": reservedCost.map { JSONValue($0) } ?? .null,
            "billed_model": JSONValue(billedModel), "billed_provider": JSONValue(billedProvider),
            "billed_supplier": JSONValue(billedSupplier), "billed_region": JSONValue(billedRegion),
            "latency_ms": count(latency.map { UInt64($0) }),
            "upstream_status": count(upstreamStatus.map { UInt64($0) }),
            "settled_at": JSONValue(settledAt.map { Timestamp.text($0) }),
        ])
    }

    private func count(_ count: UInt64?) -> JSONValue {
        count.map { JSONValue($0) } ?? .null
    }
}
