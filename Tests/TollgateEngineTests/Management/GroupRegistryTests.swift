internal import Synchronization
internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

/// Notes what it is told, tells what it is to tell, and fails when it is told to.
private final class Onlooker: GroupFollower, UsageSource {
    private struct State {
        var seen: [GroupRecord] = []
        var spent: Int64 = 0
        var held: Int64 = 0
        var isBroken = false
    }

    private let state = Mutex(State())

    var seen: [GroupRecord] { state.withLock { $0.seen } }

    /// - Parameters:
    ///   - nanos: what was used, with what is held.
    ///   - held: how much of it is held.
    func setSpent(_ nanos: Int64, held: Int64 = 0) {
        state.withLock { ($0.spent, $0.held) = (nanos, held) }
    }

    func breaks(_ isBroken: Bool) {
        state.withLock { $0.isBroken = isBroken }
    }

    func groupChanged(_ record: GroupRecord) throws(EngineError) {
        try state.withLock { state throws(EngineError) in
            if state.isBroken { throw .overloaded }
            state.seen.append(record)
        }
    }

    func usage(ofKey id: KeyID) throws(EngineError) -> SubjectUsage? { nil }

    func usage(ofGroup id: GroupID) throws(EngineError) -> SubjectUsage? {
        let (spent, held, isBroken) = state.withLock { ($0.spent, $0.held, $0.isBroken) }
        if isBroken { throw .overloaded }
        var counters = Counters()
        counters.count(
            Amounts(requests: 1, cost: spent),
            in: WindowIDs(hour: 1, day: 1, week: 1, month: 1)
        )
        counters.held = Amounts(requests: 0, cost: held)
        return SubjectUsage(counters: counters, windows: .none, limits: [])
    }
}

@Suite("Managing groups")
struct GroupRegistryTests {
    private let catalogue = InMemoryGroups()
    private let onlooker = Onlooker()
    private let time = ManualTime()
    private let actions = InMemoryActions()
    private let administrator = Principal(keyID: KeyID(rawValue: 99), permissions: .all)
    private let registry: GroupRegistry
    private let acme: GroupID
    private let team: GroupID

    init() throws {
        registry = GroupRegistry(
            catalogue: catalogue,
            follower: onlooker,
            usage: onlooker,
            zones: .utcOnly,
            time: time,
            actions: actions
        )
        acme = try #require(GroupID(.organization, "acme"))
        team = try #require(GroupID(.team, "search"))
        _ = try registry.create(.organization, id: "acme", GroupChanges(), by: administrator)
    }

    private func changes(_ edit: (inout GroupChanges) -> Void) -> GroupChanges {
        var changes = GroupChanges()
        edit(&changes)
        return changes
    }

    private func makeTeam() throws -> GroupRecord {
        try registry.create(
            .team,
            id: "search",
            changes { $0.organization = "acme" },
            by: administrator
        )
    }

    @Test("a group that is created, changed or deleted is kept, told, and one version further")
    func told() throws {
        let made = try makeTeam()
        #expect(made.version == 1 && made.createdAt == time.now().wall)
        time.advance(milliseconds: 10)
        let changed = try registry.update(
            team,
            version: 1,
            changes { $0.name = "Search" },
            by: administrator
        )
        #expect(changed.version == 2 && changed.updatedAt == time.now().wall)
        #expect(changed.subject == made.subject)
        let deleted = try registry.delete(team, by: administrator)
        #expect(deleted.isDeleted && !deleted.isEnabled && deleted.version == 3)
        #expect(onlooker.seen.suffix(3) == [made, changed, deleted])
        #expect(try registry.group(team) == deleted)
    }

    @Test("a change that changes nothing is not written")
    func nothing() throws {
        let made = try makeTeam()
        time.advance(milliseconds: 10)
        #expect(
            try registry.update(
                team,
                version: nil,
                changes { $0.name = "search" },
                by: administrator
            ) == made
        )
        #expect(
            try registry.update(
                team,
                version: nil,
                changes { $0.organization = "acme" },
                by: administrator
            ) == made
        )
        #expect(
            try registry.delete(team, by: administrator) == registry.delete(team, by: administrator)
        )
        #expect(Set(onlooker.seen.map(\.version)).count == 2)
        #expect(try onlooker.seen.last == registry.group(team))
    }

    @Test("every group is counted under a name of its own, also two of the same id")
    func subjects() throws {
        var subjects: Set<SubjectID> = []
        for number in 0..<50 {
            let record = try registry.create(
                .organization,
                id: "o\(number)",
                GroupChanges(),
                by: administrator
            )
            subjects.insert(record.subject)
            let same = try registry.create(
                .user,
                id: "o\(number)",
                changes { $0.organization = "acme" },
                by: administrator
            )
            subjects.insert(same.subject)
        }
        #expect(subjects.count == 100)
    }

    @Test("what was seen in another version is not changed")
    func versions() throws {
        _ = try makeTeam()
        #expect(throws: RegistryError.changedMeanwhile) {
            try registry.update(team, version: 2, changes { $0.name = "x" }, by: administrator)
        }
        #expect(throws: RegistryError.changedMeanwhile) {
            try registry.pay(Money(nanos: 1), to: acme, version: 7, by: administrator)
        }
        #expect(try registry.group(acme).credits == nil)
    }

    @Test("limits that cannot be are refused with their field, and nothing is written")
    func limits() throws {
        let made = try makeTeam()
        let edits: [(String, (inout LimitSettings) -> Void)] = [
            ("rate_limits.burst", { $0.rates.burst = 1 }),
            ("rate_limits.per_minute", { $0.rates.perMinute = 0 }),
            ("budget_limits.timezone", { $0.budgets.timezone = "Mars" }),
            ("budget_limits.total", { $0.budgets.total = Money(nanos: -1) }),
            ("token_limits.daily", { $0.tokens.daily = .max }),
        ]
        for (field, edit) in edits {
            var limits = LimitSettings()
            edit(&limits)
            let error = #expect(throws: RegistryError.self) {
                try registry.update(
                    team,
                    version: nil,
                    changes { $0.limits = limits },
                    by: administrator
                )
            }
            guard case .invalid(field, _)? = error else {
                Issue.record("\(field): \(String(describing: error))")
                continue
            }
        }
        #expect(try registry.group(team) == made)
    }

    @Test("the first payment starts from what was spent so far, the next adds to the last")
    func credits() throws {
        // What is held is not spent yet: most of it will be given back.
        onlooker.setSpent(1_700, held: 1_000)
        #expect(
            try registry.pay(Money(nanos: 100), to: acme, version: nil, by: administrator).credits?
                .nanos == 800
        )
        onlooker.setSpent(790)
        #expect(
            try registry.pay(Money(nanos: 50), to: acme, version: 2, by: administrator).credits?
                .nanos == 850
        )
        #expect(throws: RegistryError.self) {
            try registry.pay(.zero, to: acme, version: nil, by: administrator)
        }
        #expect(throws: RegistryError.self) {
            try registry.pay(
                Money(nanos: Limit.highest - 849),
                to: acme,
                version: nil,
                by: administrator
            )
        }
        let most = try registry.pay(
            Money(nanos: Limit.highest - 850),
            to: acme,
            version: nil,
            by: administrator
        )
        #expect(most.credits?.nanos == Limit.highest)
    }

    @Test("a payment that nobody can start from a known sum is refused")
    func creditsUnavailable() throws {
        onlooker.breaks(true)
        #expect(throws: RegistryError.unavailable) {
            try registry.pay(Money(nanos: 1), to: acme, version: nil, by: administrator)
        }
        onlooker.breaks(false)
        #expect(try registry.group(acme).credits == nil)
    }

    @Test("when the store or the engine fails it is said")
    func unavailable() throws {
        _ = try makeTeam()
        catalogue.breaks(true)
        #expect(throws: RegistryError.unavailable) { try registry.group(team) }
        #expect(throws: RegistryError.unavailable) { try registry.delete(team, by: administrator) }
        catalogue.breaks(false)
        onlooker.breaks(true)
        #expect(throws: RegistryError.unavailable) { try registry.delete(team, by: administrator) }
        // It is in the catalogue by now: who tries again must not be told so before it counts.
        #expect(throws: RegistryError.unavailable) { try registry.delete(team, by: administrator) }
        onlooker.breaks(false)
        _ = try registry.delete(team, by: administrator)
        #expect(onlooker.seen.last?.isDeleted == true)
    }
}
