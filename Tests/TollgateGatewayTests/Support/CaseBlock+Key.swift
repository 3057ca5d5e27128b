import TollgateCore

/// The key that a block describes, and whom it belongs to.
///
/// `key NAME: VALUE` sets one of the key's rules, `limit LEVEL NAME: VALUE` a limit by the name that
/// callers know it by, money in USD; `rule ACTION NAME: PATTERN` one of its content rules; `credits USD` what the organisation has paid in. A key with a
/// limit at a level belongs to a group of that level.
extension CaseBlock {
    /// Sets the rules and limits of the key.
    func edit(_ record: inout KeyRecord) throws {
        for line in values("key") {
            let value = String(decoding: line.pair.value, as: UTF8.self)
            let list = value.split(separator: ", ").map { String($0) }
            switch line.pair.name {
            case "status":
                record.status = KeyStatus.allCases.first { $0.name == value } ?? .enabled
            case "expires": record.expiresAt = Int64(value).map { WallTime(milliseconds: $0) }
            case "models": record.models.allowed = list
            case "denied-models": record.models.denied = list
            case "denied-providers": record.providers.denied = list
            case "suppliers": record.suppliers.allowed = list
            case "regions": record.regions.allowed = list
            case "actions": record.actions.allowed = list
            case "addresses":
                record.ipAllowlist = IPAllowlist(isEnabled: true, addresses: list)
            case "enforcement":
                record.enforcement = Enforcement.allCases.first { $0.name == value } ?? .enforce
            default: throw BadLine(line: "key \(line.text)")
            }
        }
        record.notices.contentRules = values("rule").map { line in
            let words = line.pair.name.split(separator: " ", maxSplits: 1)
            return KeyNotices.ContentRule(
                name: words.count > 1 ? String(words[1]) : "",
                pattern: String(decoding: line.pair.value, as: UTF8.self),
                isBlocking: words.first == "block"
            )
        }
        record.limits = try limits(of: .key)
        let groups = try groups(createdAt: record.createdAt).map(\.id)
        guard !groups.isEmpty else { return }
        record.organization = "acme"
        record.team = groups.first { $0.kind == .team }?.name
        record.user = groups.first { $0.kind == .user }?.name
    }

    /// The groups of the key: the organisation `acme`, its team `search` and user `ann`, where they
    /// have limits.
    func groups(createdAt time: WallTime) throws -> [GroupRecord] {
        let levels: [(LimitLevel, GroupKind, String)] = [
            (.organization, .organization, "acme"), (.team, .team, "search"),
            (.user, .user, "ann"),
        ]
        var groups: [GroupRecord] = []
        for (level, kind, name) in levels {
            let limits = try limits(of: level)
            guard let id = GroupID(kind, name) else { continue }
            var group = GroupRecord(
                id: id,
                subject: SubjectID(rawValue: 1000 + UInt128(level.rawValue)),
                name: name,
                createdAt: time
            )
            group.limits = limits
            if kind == .organization {
                group.credits = try value("credits").map { try CaseBlock.money($0.text) }
            } else {
                group.organization = "acme"
            }
            if limits != LimitSettings() || group.credits != nil { groups.append(group) }
        }
        if !groups.isEmpty, groups[0].id.kind != .organization,
            let id = GroupID(.organization, "acme")
        {
            let subject = SubjectID(rawValue: 1000)
            groups.append(GroupRecord(id: id, subject: subject, name: "acme", createdAt: time))
        }
        return groups
    }

    private func limits(of level: LimitLevel) throws -> LimitSettings {
        var settings = LimitSettings()
        for line in values("limit") {
            let words = line.pair.name.split(separator: " ").map { String($0) }
            guard words.count == 2, words[0] == "\(level.text)" else { continue }
            let value = String(decoding: line.pair.value, as: UTF8.self)
            try CaseBlock.set(words[1], to: value, in: &settings)
        }
        return settings
    }

    private static func set(
        _ name: String,
        to value: String,
        in settings: inout LimitSettings
    ) throws {
        let numbers: [String: WritableKeyPath<LimitSettings, UInt64?>] = [
            "rate_limits.per_second": \.rates.perSecond,
            "rate_limits.per_minute": \.rates.perMinute,
            "rate_limits.per_hour": \.rates.perHour,
            "rate_limits.per_day": \.rates.perDay,
            "rate_limits.tokens_per_minute": \.rates.tokensPerMinute,
            "rate_limits.concurrent": \.rates.concurrent,
            "token_limits.daily": \.tokens.daily,
            "token_limits.monthly": \.tokens.monthly,
            "token_limits.total": \.tokens.total,
            "token_limits.per_request_max": \.tokens.perRequestMax,
            "request_limits.total": \.requests.total,
        ]
        let budgets: [String: WritableKeyPath<LimitSettings, Money?>] = [
            "budget_limits.daily": \.budgets.daily,
            "budget_limits.weekly": \.budgets.weekly,
            "budget_limits.monthly": \.budgets.monthly,
            "budget_limits.total": \.budgets.total,
        ]
        if let path = numbers[name] {
            settings[keyPath: path] = UInt64(value)
        } else if let path = budgets[name] {
            settings[keyPath: path] = try money(value)
        } else {
            throw BadLine(line: name)
        }
    }

    /// An amount in USD.
    private static func money(_ text: String) throws -> Money {
        guard let dollars = Double(text) else { throw BadLine(line: text) }
        return Money(nanos: Int64((dollars * 1e9).rounded()))
    }
}
