internal import Foundation
internal import TollgateCore

/// A request as plain values, for the model and for the policy alike.
struct PlainRequest: CustomStringConvertible {
    var names: [String: String] = [:]
    var otherModel: String?
    var unreadable: Set<String> = []
    var ip: String?
    var tokens: UInt64 = 0
    var input: UInt64 = 0
    var isPromptUnknown = false
    var facts: PolicyFacts

    var description: String {
        "\(names) other=\(otherModel ?? "-") unreadable=\(unreadable) ip=\(ip ?? "-") \(tokens)"
            + " input=\(input) unknown=\(isPromptUnknown) \(facts)"
    }

    func fill(_ request: inout CheckRequest) throws {
        for (name, field) in PlainRequest.fields {
            if let text = names[name] { try request.set(field, to: Array(text.utf8).span) }
            if unreadable.contains(name) { request.markUnreadable(field) }
        }
        if let otherModel { try request.alsoName(model: Array(otherModel.utf8).span) }
        request.clientIP = ip.flatMap { IPAddress($0) }
        request.tokens = tokens
        request.inputTokens = input
        request.hasUnknownPrompt = isPromptUnknown
    }

    static let fields: [(String, CheckRequest.Field)] = [
        ("model", .model), ("provider", .provider), ("region", .region), ("supplier", .supplier),
        ("action", .action),
    ]
}

/// The rules of policies once more, as directly as they can be written.
///
/// Slow, on strings, and with nil for what a request leaves open. Its zones are UTC and one that is
/// twelve hours behind.
struct PolicyModel {
    let rules: PolicyRules

    func reason(_ request: PlainRequest) -> Reason {
        let first = reason(request, model: request.names["model"])
        guard first == .allowed, let other = request.otherModel else { return first }
        return reason(request, model: other)
    }

    private func reason(_ request: PlainRequest, model: String?) -> Reason {
        var names = request.names
        names["model"] = model
        for name in request.unreadable { names[name] = nil }
        let lists =
            model == nil && !request.unreadable.contains("model")
            && names["action"] == "models:list"
        func verdict(_ votes: [(isAllow: Bool, says: Bool?)]) -> Bool {
            let denies = votes.contains { !$0.isAllow && $0.says != false }
            let allowances = votes.filter(\.isAllow)
            return !denies && (allowances.isEmpty || allowances.contains { $0.says == true })
        }
        if !lists, !verdict(votes(on: "model", names)) { return .modelNotAllowed }
        if !verdict(votes(on: "provider", names)) { return .providerNotAllowed }
        if !lists, !verdict(priceVotes(request.facts.price)) { return .pricingNotAllowed }
        let statements = (rules.document?.statements ?? []).map { statement in
            (statement.effect == .allow, holds(statement, names, request, lists))
        }
        return verdict(statements) ? .allowed : .policyDenied
    }

    private func votes(
        on dimension: String,
        _ names: [String: String]
    ) -> [(isAllow: Bool, says: Bool?)] {
        rules.rules.compactMap { rule in
            switch rule {
            case .allowModels(let list) where dimension == "model":
                (true, matches(list, names[dimension]))
            case .denyModels(let list) where dimension == "model":
                (false, matches(list, names[dimension]))
            case .allowProviders(let list) where dimension == "provider":
                (true, matches(list, names[dimension]))
            case .denyProviders(let list) where dimension == "provider":
                (false, matches(list, names[dimension]))
            default: nil
            }
        }
    }

    private func priceVotes(_ price: ModelPrice?) -> [(isAllow: Bool, says: Bool?)] {
        func fits(_ rule: PricingRule, _ price: ModelPrice) -> (tier: Bool, above: Bool) {
            let isFree = price.input + price.output == 0
            let tier = rule.tier == .any || isFree == (rule.tier == .free)
            let input = rule.maxInputPrice.map { price.input > $0 } ?? false
            let output = rule.maxOutputPrice.map { price.output > $0 } ?? false
            return (tier, input || output)
        }
        var votes: [(isAllow: Bool, says: Bool?)] = []
        for rule in rules.rules {
            if case .allowPricing(let rule) = rule {
                votes.append((true, price.map { fits(rule, $0) == (true, false) }))
            }
            if case .denyPricing(let rule) = rule {
                let hasMaximum = rule.maxInputPrice != nil || rule.maxOutputPrice != nil
                votes.append((false, price.map { fits(rule, $0) == (true, hasMaximum) }))
            }
        }
        if let pricing = rules.pricing, pricing != PricingRule() {
            votes.append((false, price.map { fits(pricing, $0) != (true, false) }))
        }
        return votes
    }

    private func holds(
        _ statement: PolicyStatement,
        _ names: [String: String],
        _ request: PlainRequest,
        _ lists: Bool
    ) -> Bool? {
        let hasStar = statement.actions.contains("*")
        var parts: [Bool?] = [hasStar ? true : matches(statement.actions, names["action"])]
        let resources = statement.resources.map { resource -> Bool? in
            if resource == "*" { return true }
            let words = resource.split(separator: ":", maxSplits: 1).map(String.init)
            if lists, words[0] == "model" { return statement.effect == .allow || !hasStar }
            guard let name = names[words[0]] else { return nil }
            return glob(words[1], name)
                && (statement.condition.isIn.map { matches($0, name) == true } ?? true)
                && (statement.condition.notIn.map { matches($0, name) == false } ?? true)
        }
        parts.append(resources.contains(true) ? true : resources.contains(nil) ? nil : false)
        parts += conditions(statement.condition, names, request)
        return parts.contains(false) ? false : parts.contains(nil) ? nil : true
    }

    private func conditions(
        _ condition: PolicyCondition,
        _ names: [String: String],
        _ request: PlainRequest
    ) -> [Bool?] {
        var parts: [Bool?] = []
        if let list = condition.regionIn { parts.append(matches(list, names["region"])) }
        if let list = condition.ipIn { parts.append(request.ip.map(list.contains)) }
        if let count = condition.tokensUnder {
            let isUnder = request.tokens < count && request.input < count
            parts.append(request.isPromptUnknown ? nil : isUnder)
        }
        for (bounds, spent) in [
            (condition.dailyBudget, request.facts.dailySpent),
            (condition.monthlyBudget, request.facts.monthlySpent),
            (condition.totalBudget, request.facts.totalSpent),
        ] {
            if let under = bounds.under { parts.append(spent.nanos < under.nanos) }
            if let over = bounds.over { parts.append(!(spent.nanos < over.nanos)) }
        }
        if let hours = condition.timeBetween { parts.append(isWithin(hours, request.facts.now)) }
        if let dates = condition.dateBetween {
            let day = local(request.facts.now, dates.timezone ?? "UTC").prefix(10)
            parts.append(dates.start <= day && day <= dates.end)
        }
        return parts
    }

    /// Goes back minute by minute to see whether the span has begun and not yet ended.
    private func isWithin(_ hours: TimeBetween, _ now: WallTime) -> Bool {
        func minute(_ text: String) -> Int {
            text.split(separator: ":").reduce(0) { $0 * 60 + (Int($1) ?? 0) }
        }
        let clock = local(now, hours.timezone)
        var place = minute(String(clock.dropFirst(11).prefix(5)))
        var weekday = PolicyModel.weekdays.firstIndex(of: String(clock.suffix(3))) ?? 0
        while true {
            if place == minute(hours.start) {
                return hours.days.map { $0.contains(PolicyModel.weekdays[weekday]) } ?? true
            }
            if place == minute(hours.end) { return false }
            if place == 0 { weekday = (weekday + 6) % 7 }
            place = (place + 1439) % 1440
        }
    }

    private static let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// The local time as `2030-01-15 09:30 tue`.
    private func local(_ time: WallTime, _ zone: String) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let shift: Int64 = zone == "UTC" ? 0 : -12 * 3600
        let date = Date(timeIntervalSince1970: Double(time.milliseconds / 1000 + shift))
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .weekday],
            from: date
        )
        func padded(_ part: Int?) -> String { String("0\(part ?? 0)".suffix(2)) }
        let day = "\(parts.year ?? 0)-\(padded(parts.month))-\(padded(parts.day))"
        let weekday = PolicyModel.weekdays[(parts.weekday ?? 1) - 1]
        return "\(day) \(padded(parts.hour)):\(padded(parts.minute)) \(weekday)"
    }

    private func matches(_ list: [String], _ name: String?) -> Bool? {
        name.map { name in list.contains { glob($0, name) } }
    }

    private func glob(_ pattern: some StringProtocol, _ name: some StringProtocol) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return glob(pattern.dropFirst(), name)
                || !name.isEmpty && glob(pattern, name.dropFirst())
        }
        return name.first == first && glob(pattern.dropFirst(), name.dropFirst())
    }
}
