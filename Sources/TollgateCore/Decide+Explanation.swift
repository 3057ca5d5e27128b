/// How a decision comes about, for people who ask why.
extension Decide {
    /// Every check of the decision in order, one line each, with the values that it was made by.
    package static func explanation(
        of request: borrowing CheckRequest,
        by subject: DecisionSubject,
        price: RequestPrice,
        supplier: RequestSupplier = .any,
        at now: Now
    ) -> [String] {
        let rules = subject.rules
        let chain = subject.chain
        chain.rollWindows(to: now.wall)
        let standing = standing(of: rules, at: now.wall) ?? standing(of: chain, at: now.wall)
        var lines = [line("key", standing)]
        lines += accessLines(of: request, rules.access, prefix: "", supplier)
        if rules.isReadOnly {
            lines.append(line("read_only", isListing(request) ? nil : .actionNotAllowed))
        }
        for level in 1..<MeterChain.levelCount {
            guard let meter = chain[level], let access = meter.access else { continue }
            lines += accessLines(of: request, access, prefix: "\(meter.level.text) ")
        }
        for level in 0..<MeterChain.levelCount {
            guard let policy = subject.policy(at: level), let meter = chain[level] else { continue }
            let prefix = level == 0 ? "" : "\(meter.level.text) "
            lines += policy.explanation(of: request, given: facts(of: meter, price, now))
                .map { prefix + $0 }
        }
        if price.isDenied(countingCost: subject.countsCost, request) {
            lines.append(line("price: not known", .pricingNotAllowed))
        }
        if request.hasUnknownPrompt, subject.countsSize {
            lines.append(line("length of the prompt: not known", .requestTooLarge))
        }
        guard let charge = charge(for: request, price) else {
            return lines + [line("size", .requestTooLarge)]
        }
        if let content = rules.content { lines.append(contentLine(request, content)) }
        lines.append(
            "asks for 1 request, \(charge.amounts.tokens) tokens,"
                + " \(charge.amounts.cost) nano-USD at most"
        )
        lines += unusualLines(subject, charge) + limitLines(chain, charge, now)
        if !chain.hasRoom(for: charge) { lines.append(line("sum", .requestTooLarge)) }
        return lines
    }

    /// Whether the request is unlike what the key is used for; nothing when nobody wants to know.
    private static func unusualLines(_ subject: DecisionSubject, _ charge: Charge) -> [String] {
        guard let rule = subject.rules.anomaly else { return [] }
        let hour = subject.chain.key.used(.hour) + charge.amounts
        let use = "\(hour.requests) requests and \(hour.tokens) tokens in this hour"
        guard subject.isUnusual(charge) else { return ["anomaly: \(use), passes"] }
        let end = rule.isBlocking ? "denies (\(Reason.anomalyBlocked.code))" : "is told of"
        return ["anomaly: \(use), unusual, \(end)"]
    }

    /// What the rules of one level say to what a request names, and to where it comes from.
    private static func accessLines(
        of request: borrowing CheckRequest,
        _ rules: AccessRules,
        prefix: String,
        _ supplier: RequestSupplier = .any
    ) -> [String] {
        let isHome = permitsAddress(request.clientIP, rules)
        var lines = [line(prefix + "address", isHome ? nil : .ipNotAllowed)]
        for dimension in Dimension.allCases {
            let reason = permits(request, dimension, rules) ? nil : dimension.reason
            lines.append(line(prefix + dimension.name, reason))
            if dimension == .supplier { lines += supplierLines(of: request, supplier) }
        }
        return lines
    }

    /// Whether the request can go where it is to go, for whoever asks.
    private static func supplierLines(
        of request: borrowing CheckRequest,
        _ supplier: RequestSupplier
    ) -> [String] {
        let denial = supplier.denial(of: request)
        switch supplier {
        case .any: return []
        case .unknown: return [line("supplier is set up and enabled", denial)]
        case .known(let offer): return [line("supplier \(offer.name) serves it", denial)]
        }
    }

    private static func limitLines(
        _ chain: MeterChain,
        _ charge: Charge,
        _ now: Now
    ) -> [String] {
        var lines: [String] = []
        for stage in LimitStage.allCases {
            let denial = chain.denial(of: charge, at: stage, now)
            for level in 0..<MeterChain.levelCount {
                guard let meter = chain[level] else { continue }
                for limit in meter.rules.limits where limit.name.stage == stage {
                    let state = meter.state(of: limit, now)
                    let decides = denial?.limit == limit.name && denial?.level == meter.level
                    lines.append(
                        "\(meter.level.text) \(limit.name.text): \(state.remaining) of"
                            + " \(state.limit) left"
                            + (decides ? ", denies (\(limit.name.reason.code))" : "")
                    )
                }
            }
        }
        return lines
    }

    private static func line(_ name: String, _ reason: Reason?) -> String {
        "\(name): \(reason.map { "denies (\($0.code))" } ?? "passes")"
    }
}
