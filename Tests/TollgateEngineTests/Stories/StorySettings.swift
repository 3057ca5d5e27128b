internal import TollgateCore

/// What a story says about a key and its groups.
struct StorySettings {
    var limits: [LimitLevel: LimitSettings] = [:]
    var credits: Money?
    var enforcement = Enforcement.enforce
    var unsettled = UnsettledPolicy.charge
    /// In milliseconds.
    var start: Int64 = 1_704_067_200_000

    init(_ lines: [Story.Line]) throws {
        for line in lines { try read(line) }
    }

    private mutating func read(_ line: Story.Line) throws {
        let name = line.words[0]
        if let level = LimitLevel.allCases.first(where: { "\($0.text):" == name }) {
            var settings = limits[level] ?? LimitSettings()
            for word in line.words.dropFirst() { try set(word, &settings, line) }
            limits[level] = settings
            return
        }
        guard line.words.count == 2 else { throw line.problem("'\(name)' has one value") }
        let value = line.words[1]
        switch name {
        case "start:": start = try line.time(value)
        case "enforcement:": enforcement = value == "monitor" ? .monitor : .enforce
        case "unsettled:":
            guard let policy = UnsettledPolicy.allCases.first(where: { $0.name == value }) else {
                throw line.problem("no policy '\(value)'")
            }
            unsettled = policy
        default: throw line.problem("no setting '\(name)'")
        }
    }

    private mutating func set(
        _ word: String,
        _ settings: inout LimitSettings,
        _ line: Story.Line
    ) throws {
        if word == "strict" {
            settings.rates.isStrict = true
            return
        }
        let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw line.problem("'\(word)'") }
        let value = parts[1]
        if parts[0] == "timezone" {
            settings.budgets.timezone = value
            return
        }
        let number = UInt64(value)
        let money = FixedPoint.value(value, decimals: 9).map { Money(nanos: $0) }
        if parts[0] == "burst" {
            settings.rates.burst = number
            return
        }
        switch LimitName.allCases.first(where: { "\($0.text)".hasSuffix(parts[0]) }) {
        case .perRequestMax: settings.tokens.perRequestMax = number
        case .perSecond: settings.rates.perSecond = number
        case .perMinute: settings.rates.perMinute = number
        case .perHour: settings.rates.perHour = number
        case .perDay: settings.rates.perDay = number
        case .tokensPerMinute: settings.rates.tokensPerMinute = number
        case .concurrent: settings.rates.concurrent = number
        case .budgetDaily: settings.budgets.daily = money
        case .budgetWeekly: settings.budgets.weekly = money
        case .budgetMonthly: settings.budgets.monthly = money
        case .budgetTotal: settings.budgets.total = money
        case .balance: credits = money
        case .tokensDaily: settings.tokens.daily = number
        case .tokensMonthly: settings.tokens.monthly = number
        case .tokensTotal: settings.tokens.total = number
        case .requestsTotal: settings.requests.total = number
        case nil: throw line.problem("no limit '\(parts[0])'")
        }
    }
}
