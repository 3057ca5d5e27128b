import Testing
import TollgateTesting

@testable import TollgateCore
@testable import TollgateEngine

@Suite("What is told")
struct NoticeJudgeTests {
    private static let id = KeyRecord.sample(7).id
    private static let minute: Int64 = 29_000_000

    /// The world that a judge looks at.
    private struct World {
        var judge = NoticeJudge(marks: [:])
        var key = KeyRecord.sample(7)
        var limits: [LimitState] = []
        var minute = NoticeJudgeTests.minute
        /// How much later than the journal's last block usage is read.
        var delay: Int64 = 0

        /// What is told of findings that the body makes.
        mutating func told(
            _ fill: (inout JournalFindings) -> Void
        ) throws -> [NoticeDraft.Fact] {
            var findings = JournalFindings(upTo: JournalPosition(rawValue: 1))
            findings.time = WallTime(milliseconds: minute * 60_000)
            fill(&findings)
            let (key, limits) = (key, limits)
            let now = WallTime(milliseconds: minute * 60_000 + delay)
            return try judge.judge(
                findings,
                NoticeJudge.Sources(
                    key: { $0 == key.id ? key : nil },
                    keyLimits: { _ in limits },
                    groupLimits: { _ in [] },
                    now: { now }
                )
            ).drafts.map(\.fact)
        }

        /// What is told when the key was used, and is watched.
        mutating func toldOfUse() throws -> [UInt8] {
            try told { $0.watched = [NoticeJudgeTests.id] }.compactMap {
                if case .threshold(let percentage, _) = $0 { percentage } else { nil }
            }
        }
    }

    private func budget(_ limit: Int64, left: Int64, reset: UInt64 = 3_600_000) -> LimitState {
        LimitState(
            name: .budgetDaily,
            level: .key,
            metered: .cost,
            limit: limit,
            remaining: left,
            reset: reset
        )
    }

    private func denial(
        _ reason: Reason,
        _ limit: LimitName?,
        minute: Int64 = minute
    ) -> JournalFindings.Denial {
        JournalFindings.Denial(Self.id, reason, limit: limit, minute: minute)
    }

    @Test("Every threshold that is reached is told once in a window")
    func thresholds() throws {
        var world = World()
        world.key.notices.budgetAlerts = KeyNotices.BudgetAlerts(thresholds: [50, 80, 100])
        world.limits = [budget(100, left: 51)]
        #expect(try world.toldOfUse() == [])
        world.limits = [budget(100, left: 15)]
        #expect(try world.toldOfUse() == [50, 80])
        #expect(try world.toldOfUse() == [])
        world.limits = [budget(100, left: 0)]
        #expect(try world.toldOfUse() == [100])
        world.limits = [budget(100, left: 0, reset: 3_601_000)]
        #expect(try world.toldOfUse() == [], "the same window, looked at a second earlier")
        world.minute += 120
        world.limits = [budget(100, left: 40, reset: 86_400_000)]
        #expect(try world.toldOfUse() == [50], "the next window")
    }

    @Test("What was told is not told again when the journal is read late")
    func late() throws {
        var world = World()
        world.key.notices.budgetAlerts = KeyNotices.BudgetAlerts(thresholds: [50])
        world.limits = [budget(100, left: 50, reset: 3_600_000)]
        #expect(try world.toldOfUse() == [50])
        let refused = denial(.budgetExceeded, .budgetDaily)
        #expect(try world.told { $0.denials = [refused: 1] }.count == 1)
        // A block of a minute later, read when the window has five minutes less.
        world.minute += 1
        world.delay = 4 * 60_000
        world.limits = [budget(100, left: 50, reset: 3_300_000)]
        #expect(try world.toldOfUse() == [])
        #expect(try world.told { $0.denials = [refused: 1] }.isEmpty)
        // The same window, once the journal is read in time again.
        world.minute += 10
        world.delay = 0
        world.limits = [budget(100, left: 50, reset: 2_940_000)]
        #expect(try world.toldOfUse() == [])
    }

    @Test("A denial of a window that is over is not told as one of the next")
    func overdue() throws {
        var world = World()
        world.limits = [budget(100, left: 0, reset: 3_600_000)]
        let first = denial(.budgetExceeded, .budgetDaily)
        #expect(try world.told { $0.denials = [first: 1] }.count == 1)
        world.minute += 61
        world.limits = [budget(100, left: 100, reset: 86_340_000)]
        let last = denial(.budgetExceeded, .budgetDaily, minute: Self.minute + 59)
        #expect(try world.told { $0.denials = [last: 1] }.isEmpty)
        let next = denial(.budgetExceeded, .budgetDaily, minute: Self.minute + 60)
        #expect(try world.told { $0.denials = [next: 1] }.count == 1)
        #expect(try world.told { $0.denials = [next: 1] }.isEmpty)
    }

    @Test("A limit that is raised is told of again")
    func raised() throws {
        var world = World()
        var alerts = KeyNotices.Alerts()
        alerts.budgetThreshold = [50]
        world.key.notices.alerts = alerts
        world.limits = [budget(100, left: 50)]
        #expect(try world.toldOfUse() == [50])
        world.limits = [budget(110, left: 50)]
        #expect(try world.toldOfUse() == [50])
    }

    @Test("What was told before a start is not told after it")
    func restart() throws {
        var world = World()
        world.key.notices.budgetAlerts = KeyNotices.BudgetAlerts(thresholds: [50])
        world.limits = [budget(100, left: 50)]
        #expect(try world.toldOfUse() == [50])
        world.judge = NoticeJudge(marks: world.judge.marks)
        #expect(try world.toldOfUse() == [])
    }

    @Test("A key that has lost its thresholds meanwhile is told nothing of")
    func unwatched() throws {
        var world = World()
        world.limits = [budget(100, left: 0)]
        #expect(try world.toldOfUse() == [])
    }

    @Test("A limit that denies is told of once in its window, or in a minute when it has none")
    func exceeded() throws {
        var world = World()
        world.limits = [budget(100, left: 0)]
        let budget = denial(.budgetExceeded, .budgetDaily)
        #expect(try world.told { $0.denials = [budget: 3] }.count == 1)
        #expect(try world.told { $0.denials = [budget: 3] }.isEmpty)
        let rate = denial(.rateLimited, .perMinute)
        #expect(try world.told { $0.denials = [rate: 1] }.count == 1)
        #expect(try world.told { $0.denials = [rate: 1] }.isEmpty)
        let next = denial(.rateLimited, .perMinute, minute: Self.minute + 1)
        #expect(try world.told { $0.denials = [next: 1] }.count == 1)
    }

    @Test("A content rule that was found is told of once in a minute, by its name of now")
    func content() throws {
        var world = World()
        let rule = KeyNotices.ContentRule(name: "cards", pattern: "x", isBlocking: true)
        world.key.notices.contentRules = [rule]
        func finding(_ rule: UInt8, minute: Int64 = Self.minute) -> JournalFindings.Content {
            JournalFindings.Content(Self.id, rule: rule, minute: minute)
        }
        let facts = try world.told { $0.content = [finding(0): 3, finding(5): 1] }
        #expect(
            facts == [
                .content(number: 1, rule, count: 3), .content(number: 6, nil, count: 1),
            ]
        )
        #expect(try world.told { $0.content = [finding(0): 3] }.isEmpty)
        let next = try world.told { $0.content = [finding(0, minute: Self.minute + 1): 2] }
        #expect(next == [.content(number: 1, rule, count: 2)])
    }

    @Test("Refusals of a key are told when they are enough in one minute, once")
    func refusals() throws {
        var world = World()
        var alerts = KeyNotices.Alerts()
        alerts.failedAuthThreshold = 5
        world.key.notices.alerts = alerts
        let refusal = denial(.keyDisabled, nil)
        #expect(try world.told { $0.denials = [refusal: 4] }.isEmpty)
        let facts = try world.told { $0.denials = [refusal: 1] }
        #expect(facts == [.authFailures(5, reasons: [.keyDisabled])])
        #expect(try world.told { $0.denials = [refusal: 9] }.isEmpty)
        let next = denial(.keyDisabled, nil, minute: Self.minute + 1)
        world.minute += 1
        #expect(try world.told { $0.denials = [next: 4] }.isEmpty)
    }

    @Test("Refusals of a minute are told when those of the next are looked at with them")
    func refusalsOfTwoMinutes() throws {
        var world = World()
        world.minute += 1
        let (first, second) = (
            denial(.keyDisabled, nil), denial(.keyExpired, nil, minute: Self.minute + 1)
        )
        let facts = try world.told { $0.denials = [first: 30, second: 1] }
        #expect(facts == [.authFailures(30, reasons: [.keyDisabled])])
        // The second minute goes on from what it had.
        #expect(
            try world.told { $0.denials = [second: 19] }
                == [.authFailures(20, reasons: [.keyExpired])]
        )
    }

    @Test("What a minute has had is told once, also when the next begins")
    func refusalsToldOnce() throws {
        var world = World()
        let (first, second) = (
            denial(.keyDisabled, nil), denial(.keyDisabled, nil, minute: Self.minute + 1)
        )
        #expect(try world.told { $0.denials = [first: 20] }.count == 1)
        world.minute += 1
        #expect(try world.told { $0.denials = [first: 5, second: 2] }.isEmpty)
    }

    @Test("Unusual use is told once in an hour")
    func unusual() throws {
        var world = World()
        #expect(try world.told { $0.unusual = [Self.id] } == [.unusualUse])
        world.minute += 1
        #expect(try world.told { $0.unusual = [Self.id] } == [])
        world.minute += 60
        #expect(try world.told { $0.unusual = [Self.id] } == [.unusualUse])
        #expect(try world.told { $0.unusual = [KeyRecord.sample(8).id] } == [])
    }

    @Test(
        "Actions are told by the names of their events",
        arguments: [
            ("key.created", WebhookEvent.keyCreated), ("key.updated", .keyUpdated),
            ("key.enabled", .keyUpdated), ("key.disabled", .keyUpdated),
            ("key.rotated", .keyRotated), ("key.revoked", .keyRevoked),
            ("key.deleted", .keyRevoked), ("key.expired", .keyExpired),
        ]
    )
    func actions(_ name: String, _ event: WebhookEvent) throws {
        let world = World()
        var judge = world.judge
        var findings = JournalFindings(upTo: JournalPosition(rawValue: 1))
        findings.acts = [
            .init(
                time: WallTime(milliseconds: 5),
                action: ManagementAction(name, by: nil, on: "\(Self.id)")
            ),
            .init(
                time: WallTime(milliseconds: 5),
                action: ManagementAction("team.updated", by: nil, on: "\(Self.id)")
            ),
        ]
        let key = world.key
        let (drafts, _) = try judge.judge(
            findings,
            NoticeJudge.Sources(
                key: { _ in key },
                keyLimits: { _ in nil },
                groupLimits: { _ in nil },
                now: { WallTime(milliseconds: 5) }
            )
        )
        #expect(drafts.map(\.event) == [event])
    }
}
