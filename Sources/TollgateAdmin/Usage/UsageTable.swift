internal import TollgateCore
internal import TollgateEngine

/// By what usage is broken down.
struct UsageGrouping: Equatable, Sendable {
    /// One way to tell usage apart.
    enum Part: String, CaseIterable, Sendable {
        case key
        case model
        case team
        case day
    }

    var parts: Set<Part> = []

    /// All in one.
    init() {}

    /// Reads names with commas between; nil when one is none or there twice.
    init?(_ text: String) {
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let part = Part(rawValue: String(name)), parts.insert(part).inserted else {
                return nil
            }
        }
    }
}

/// Usage in groups of the caller's choice.
struct UsageTable {
    private struct Group: Hashable {
        var day: Int32?
        var team: String?
        var key: KeyID?
        var model: String?
    }

    private let grouping: UsageGrouping
    private let registry: KeyRegistry
    private var known: [KeyID: KeyRecord?] = [:]
    private var groups: [Group: UsageTotals] = [:]
    private(set) var total = UsageTotals()

    init(_ grouping: UsageGrouping, _ registry: KeyRegistry) {
        self.grouping = grouping
        self.registry = registry
    }

    /// Adds usage to the group that it belongs to; that of a key belongs to the team that the key is
    /// in now.
    mutating func add(_ totals: UsageTotals, of source: UsageSummary.Group) throws(APIError) {
        total += totals
        if grouping.parts.isEmpty { return }
        var group = Group()
        if grouping.parts.contains(.day) { group.day = source.day }
        if grouping.parts.contains(.key) { group.key = source.key }
        if grouping.parts.contains(.model) { group.model = source.model ?? "(other)" }
        if grouping.parts.contains(.team) { group.team = try record(source.key)?.team }
        groups[group, default: UsageTotals()] += totals
    }

    private mutating func record(_ id: KeyID) throws(APIError) -> KeyRecord? {
        if let record = known[id] { return record }
        let record: KeyRecord?
        do {
            record = try registry.key(id)
        } catch .notFound {
            record = nil
        } catch {
            throw APIError(error)
        }
        known[id] = .some(record)
        return record
    }

    /// A document for each group, in the order of days, teams, keys and models.
    var rows: [JSONValue] {
        groups.sorted { left, right in
            order(left.key) < order(right.key)
        }.map { group, totals in .object(names(of: group) + UsageTable.members(totals)) }
    }

    private func order(_ group: Group) -> (Int32, String, String, String) {
        (group.day ?? 0, group.team ?? "", group.key.map { "\($0)" } ?? "", group.model ?? "")
    }

    private func names(of group: Group) -> [JSONValue.Member] {
        var names: [JSONValue.Member] = []
        if grouping.parts.contains(.day) {
            let start = WallTime(milliseconds: Int64(group.day ?? 0) * 86_400_000)
            names.append(JSONValue.Member("day", .string(String(Timestamp.text(start).prefix(10)))))
        }
        if grouping.parts.contains(.team) {
            names.append(JSONValue.Member("team_id", JSONValue(group.team)))
        }
        if let key = group.key {
            names.append(JSONValue.Member("key_id", .string("\(key)")))
        }
        if let model = group.model { names.append(JSONValue.Member("model", .string(model))) }
        return names
    }

    /// What was used, as the API shows it.
    static func members(_ totals: UsageTotals) -> [JSONValue.Member] {
        [
            JSONValue.Member("requests", .integer(totals.requests)),
            JSONValue.Member("denied_requests", .integer(totals.denied)),
            JSONValue.Member("tokens", .integer(totals.tokens)),
            JSONValue.Member("input_tokens", .integer(totals.inputTokens)),
            JSONValue.Member("output_tokens", .integer(totals.outputTokens)),
            JSONValue.Member("cached_input_tokens", .integer(totals.cachedInputTokens)),
            JSONValue.Member("cost_usd", JSONValue(Money(nanos: totals.cost))),
        ]
    }
}
