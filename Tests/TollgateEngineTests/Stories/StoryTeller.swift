internal import Foundation
internal import SimulationTesting
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateTesting

@testable internal import TollgateEngine

/// Lets a story happen to a real engine.
final class StoryTeller {
    /// The models of all stories: 1 and 2 nano-USD for an input and output token and half of one for
    /// cached input, and a third of one each.
    private static let prices = PriceList(
        models: ModelCatalogue([
            Model(
                id: "plain",
                provider: "any",
                price: ModelPrice(input: 1000, output: 2000, cachedInput: 500)
            ),
            Model(id: "third", provider: "any", price: ModelPrice(input: 333, output: 333)),
            Model(id: "unpriced", provider: "any"),
        ]),
        unpriced: .denyWhenBudgeted
    )

    private let catalogue = InMemoryCatalogue()
    private let groups = InMemoryGroups()
    private let key: KeyID
    private var settings: StorySettings
    private let time: ManualTime
    private var journal = InMemoryJournal()
    private var engine: Engine
    private var loop: DecisionLoop
    private var reservations: [String: ReservationID] = [:]

    init(_ story: Story) throws {
        settings = try StorySettings(story.settings)
        time = ManualTime(wall: WallTime(milliseconds: settings.start))
        let digester = try RandomWorld.digester()
        let secret = Array(RandomWorld.secret(0).utf8)
        var record = KeyRecord.sample(digests: [digester.digest(of: secret.span)])
        record.limits = settings.limits[.key] ?? LimitSettings()
        record.enforcement = settings.enforcement
        record.unsettled = settings.unsettled
        let names: [(GroupKind, LimitLevel)] = [
            (.organization, .organization), (.team, .team), (.user, .user),
        ]
        for (kind, level) in names {
            guard let id = GroupID(kind, "a") else { continue }
            var group = GroupRecord(
                id: id,
                subject: SubjectID(rawValue: UInt128(kind.rawValue)),
                name: "a",
                createdAt: WallTime(milliseconds: 0)
            )
            group.organization = kind == .organization ? nil : "a"
            group.limits = settings.limits[level] ?? LimitSettings()
            if kind == .organization { group.credits = settings.credits }
            groups.put(group)
        }
        record.organization = "a"
        record.team = "a"
        record.user = "a"
        try catalogue.save(record, replacing: nil)
        key = record.id
        engine = try StoryTeller.engine(catalogue, groups, journal, time)
        loop = engine.makeLoop()
    }

    private static func engine(
        _ catalogue: InMemoryCatalogue,
        _ groups: InMemoryGroups,
        _ journal: InMemoryJournal,
        _ time: ManualTime
    ) throws -> Engine {
        let zones = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../TollgateCoreTests/Cases/Limits/Zones")
        let parts = EngineParts(
            catalogue: catalogue,
            groups: groups,
            journal: journal,
            ledger: journal,
            time: time,
            digester: try RandomWorld.digester(),
            zones: ZoneCatalogue { name in
                let file = name.replacingOccurrences(of: "/", with: "-") + ".tzif"
                return (try? Data(contentsOf: zones.appending(path: file))).map(Array.init)
            },
            prices: prices
        )
        return try Engine(parts)
    }

    /// Lets a line happen; what has come of it.
    func tell(_ line: Story.Line) throws -> String? {
        let argument = line.words.count > 1 ? line.words[1] : ""
        switch line.words[0] {
        case "check": return try check(line)
        case "settle": return try settle(line, argument)
        case "left": return try left(line, argument)
        case "wait": time.advance(milliseconds: try line.span(argument))
        case "at":
            let now = time.now().wall.milliseconds
            time.advance(milliseconds: try line.time(argument) - now)
        case "clock": time.setWall(WallTime(milliseconds: try line.time(argument)))
        case "limit": try change(line)
        case "tend": try engine.tend(loop)
        case "restart":
            journal = try journal.reopened()
            engine = try StoryTeller.engine(catalogue, groups, journal, time)
            loop = engine.makeLoop()
        default: throw line.problem("no word '\(line.words[0])'")
        }
        return nil
    }

    // MARK: Words

    private func check(_ line: Story.Line) throws -> String {
        var request = CheckRequest()
        request.present(RandomWorld.secret(0))
        try request.set(.model, to: line.value("model") ?? "plain")
        request.tokens = try line.number("tokens")
        request.inputTokens = try line.number("input")
        request.isDryRun = line.words.contains("dry")
        loop.beginTurn()
        let verdict = try loop.check(&request)
        _ = try loop.commit()
        if let name = line.value("as") { reservations[name] = verdict.reservation }
        var words = ["\(verdict.isAllowed ? "allowed" : verdict.reason.code)"]
        if verdict.monitored != .allowed { words.append("although \(verdict.monitored.code)") }
        if let limit = verdict.limit {
            words += ["\(limit.level.text)", "\(limit.limit.text)"]
            words.append(limit.retryAfter == 0 ? "for ever" : "retry=\(limit.retryAfter)")
        }
        if verdict.affordableTokens > 0 { words.append("affordable=\(verdict.affordableTokens)") }
        if let cost = verdict.charge?.amounts.cost, cost > 0 { words.append("cost=\(cost)") }
        return words.joined(separator: " ")
    }

    private func settle(_ line: Story.Line, _ name: String) throws -> String {
        var settlement = Settlement()
        settlement.reservation = reservations[name] ?? ReservationID(rawValue: 1)
        settlement.tokens = TokenCounts(
            input: try line.number("input"),
            cachedInput: try line.number("cached"),
            output: try line.number("output")
        )
        settlement.status = UInt16(truncatingIfNeeded: try line.number("status"))
        settlement.isCancelled = line.words.contains("cancelled")
        let model = Array((line.value("model") ?? "").utf8)
        guard settlement.append(.model, model.span) else { throw line.problem("no model") }
        loop.beginTurn()
        let outcome = try loop.outcome(of: settlement)
        _ = try loop.commit()
        return outcome.map { "\($0.kind) cost=\($0.cost.nanos)" } ?? "unknown"
    }

    /// What is left of a limit, at one level.
    private func left(_ line: Story.Line, _ level: String) throws -> String {
        let usage: SubjectUsage?
        switch level {
        case "key": usage = try engine.usage(ofKey: key)
        case "user": usage = try GroupID(.user, "a").flatMap(engine.usage(ofGroup:))
        case "team": usage = try GroupID(.team, "a").flatMap(engine.usage(ofGroup:))
        default: usage = try GroupID(.organization, "a").flatMap(engine.usage(ofGroup:))
        }
        guard line.words.count == 3,
            let state = usage?.limits.first(where: { state in
                "\(state.name.text)".hasSuffix(line.words[2])
            })
        else { throw line.problem("no such limit") }
        return "\(state.remaining)" + (state.reset == 0 ? "" : " reset=\(state.reset)")
    }

    /// Changes the limits of a level, those of the key or a group.
    private func change(_ line: Story.Line) throws {
        let words = Array(line.words.dropFirst())
        let now = try StorySettings([
            Story.Line(place: line.place, words: words, expected: nil)
        ])
        for (level, limits) in now.limits {
            guard let kind = GroupKind(rawValue: level.rawValue), let id = GroupID(kind, "a") else {
                guard let old = try catalogue.record(id: key) else { continue }
                var record = old
                record.limits = limits
                record.version += 1
                try catalogue.save(record, replacing: old)
                try engine.keyChanged(key)
                continue
            }
            guard var group = try groups.group(id) else { continue }
            group.limits = limits
            group.version += 1
            groups.put(group)
            try engine.groupChanged(group)
        }
    }
}
