internal import TollgateCore
internal import TollgateEngine

/// What was used, and what is left, as the API shows it.
enum UsageDocument {
    /// What was used in the windows that are open now, and how much of it is not settled yet.
    static func members(_ usage: SubjectUsage) -> [JSONValue.Member] {
        let periods: [(String, CalendarPeriod)] = [
            ("hour", .hour), ("day", .day), ("week", .week), ("month", .month), ("total", .total),
        ]
        let windows = periods.map { name, period in
            JSONValue.Member(name, json(usage.used(period)))
        }
        return windows + [JSONValue.Member("held", json(usage.counters.held))]
    }

    private static func json(_ amounts: Amounts) -> JSONValue {
        [
            "requests": .integer(amounts.requests),
            "tokens": .integer(amounts.tokens),
            "cost_usd": JSONValue(Money(nanos: amounts.cost)),
        ]
    }

    /// A limit and what is left of it; money in USD.
    static func json(_ state: LimitState) -> JSONValue {
        [
            "name": .string("\(state.name.text)"),
            "level": .string("\(state.level.text)"),
            "limit": amount(state.limit, state.metered),
            "remaining": amount(state.remaining, state.metered),
            "reset_ms": JSONValue(state.reset),
            "overdrawn": .bool(state.remaining < 0),
        ]
    }

    /// What is left of each limit, in blocks like those in which limits are set.
    static func remaining(_ limits: [LimitState]) -> JSONValue {
        var blocks: [(name: String, members: [JSONValue.Member])] = []
        for state in limits {
            let path = "\(state.name.text)".split(separator: ".").map { String($0) }
            let left = amount(state.remaining, state.metered)
            guard path.count == 2 else {
                blocks.append((path[0], [JSONValue.Member("", left)]))
                continue
            }
            if !blocks.contains(where: { $0.name == path[0] }) { blocks.append((path[0], [])) }
            for index in blocks.indices where blocks[index].name == path[0] {
                blocks[index].members.append(JSONValue.Member(path[1], left))
            }
        }
        return .object(
            blocks.map { block in
                // A limit of its own, the balance, is no block.
                let value = block.members.first.flatMap { $0.name.isEmpty ? $0.value : nil }
                return JSONValue.Member(block.name, value ?? .object(block.members))
            }
        )
    }

    private static func amount(_ amount: Int64, _ metered: Metered) -> JSONValue {
        metered == .cost ? JSONValue(Money(nanos: amount)) : .integer(amount)
    }
}

extension AdminServices {
    /// What was counted for a key; nothing when it was never used.
    func usage(of key: KeyID) throws(APIError) -> SubjectUsage {
        do {
            if let usage = try engine.usage(ofKey: key) { return usage }
        } catch {
            throw .unavailable
        }
        throw .noSuchKey
    }

    /// What was counted for a group.
    func usage(of group: GroupID) throws(APIError) -> SubjectUsage {
        do {
            if let usage = try engine.usage(ofGroup: group) { return usage }
        } catch {
            throw .unavailable
        }
        throw .noSuch(group.kind.noun)
    }
}
