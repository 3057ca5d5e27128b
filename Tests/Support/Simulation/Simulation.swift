internal import Dispatch
internal import Synchronization
internal import TollgateCore
internal import TollgateCrypto
package import TollgateEngine
internal import TollgateTesting

/// A server with several event loops, its disk and its clients, in one thread: whatever happens at
/// the same time happens in an order that the seed decides.
package final class Simulation {
    /// A promise that was not kept.
    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    private struct Loop {
        let door: any SimulatedDoor
        var isInTurn = false
    }

    private let catalogue = InMemoryCatalogue()
    private let groups = InMemoryGroups()
    private let digester: SecretDigester
    private let makeDoor: (Engine) throws -> any SimulatedDoor
    private var random: SeededGenerator
    private var keys: [KeyRecord] = []
    private var groupIDs: [GroupID] = []
    private var time: SteppedTime
    private var journal = InMemoryJournal()
    private var engine: Engine
    private var steward: DecisionLoop
    private var loops: [Loop] = []
    private var witness = Witness()
    private var log: [String] = []
    /// How often everything has happened, so that a test can see that it has.
    private var events: [String: Int] = [:]

    /// Builds a server with three loops.
    ///
    /// - Parameters:
    ///   - seed: decides everything that happens.
    ///   - makeDoor: makes the door of a loop, in front of an engine.
    /// - Throws: when it cannot be built.
    init(seed: UInt64, _ makeDoor: @escaping (Engine) throws -> any SimulatedDoor) throws {
        random = SeededGenerator(seed: seed)
        self.makeDoor = makeDoor
        digester = try RandomWorld.digester()
        time = SteppedTime(wall: 1_730_584_800_000_000_000, running: 7, after: nil)
        for group in RandomWorld.groups(&random) {
            groups.put(group)
            groupIDs.append(group.id)
        }
        for number in 0..<RandomWorld.keyCount {
            var key = RandomWorld.key(number, digester, &random)
            key.enforcement = .enforce
            key.unsettled = .charge
            try catalogue.save(key, replacing: nil)
            keys.append(key)
        }
        engine = try Simulation.engine(catalogue, groups, journal, time, digester)
        steward = engine.makeLoop()
        loops = try (0..<3).map { _ in Loop(door: try makeDoor(engine)) }
    }

    private static func engine(
        _ catalogue: InMemoryCatalogue,
        _ groups: InMemoryGroups,
        _ journal: InMemoryJournal,
        _ time: SteppedTime,
        _ digester: SecretDigester
    ) throws -> Engine {
        var options = EngineOptions()
        options.holdAge = 90_000_000_000
        options.activeKeyLimit = 64 * 8
        let parts = EngineParts(
            catalogue: catalogue,
            groups: groups,
            journal: journal,
            ledger: journal,
            time: time,
            digester: digester,
            zones: RandomWorld.catalogue,
            prices: RandomWorld.priceList
        )
        return try Engine(parts, options)
    }

    /// What many simulations have seen.
    package struct Findings: Sendable {
        package var events: Set<String> = []
        /// The promises that were broken, with the seed and what was done last.
        package var problems: [String] = []
    }

    /// Simulates many servers, several at the same time.
    ///
    /// - Parameters:
    ///   - seeds: one for each server.
    ///   - makeDoor: makes the door of a loop, in front of an engine.
    /// - Returns: what has happened.
    package static func run(
        _ seeds: [UInt64],
        _ makeDoor: @escaping @Sendable (Engine) throws -> any SimulatedDoor
    ) -> Findings {
        let findings = Mutex(Findings())
        DispatchQueue.concurrentPerform(iterations: seeds.count) { index in
            var log: [String] = []
            do {
                let simulation = try Simulation(seed: seeds[index], makeDoor)
                defer { log = simulation.log }
                for _ in 0..<700 { try simulation.step() }
                try simulation.finish()
                findings.withLock { $0.events.formUnion(simulation.events.keys) }
            } catch {
                let end = log.suffix(12).joined(separator: "\n")
                findings.withLock { $0.problems.append("seed \(seeds[index]): \(error)\n\(end)") }
            }
        }
        return findings.withLock { $0 }
    }

    /// Everything that must happen somewhere, or the seeds show less than they seem to.
    package static let allEvents: Set<String> = [
        "check", "settle", "allowed", "denied", "settled", "refused", "crash", "tend",
        "failed turn", "recovery", "failed tending", "move",
    ]

    private func note(_ event: String, _ detail: String = "") {
        events[event, default: 0] += 1
        log.append(event + detail)
    }

    // MARK: Steps

    /// Lets one thing happen, and looks whether all promises are kept.
    func step() throws {
        switch random.number(in: 0...59) {
        case 0: try crash()
        case 1...4: tend()
        case 5: try journal.project()
        case 6...8:
            let span = [1_000_000, 1_000_000_000, 50_000_000_000][random.number(in: 0...2)]
            time.advance(nanoseconds: Int64(random.number(in: 0...span)))
        case 9: time.advance(nanoseconds: Int64(random.number(in: 0...7_200)) * 1_000_000_000)
        case 10, 11: try crowd()
        case 12, 13: try move()
        default: try act(random.number(in: 0...loops.count - 1))
        }
        try checkLimits()
        if loops.allSatisfy({ !$0.isInTurn }), engine.isReady { try checkLedger(isSettled: false) }
    }

    /// Ends everything, and looks whether all promises are kept.
    func finish() throws {
        for index in loops.indices where loops[index].isInTurn { try end(index, failing: nil) }
        try engine.tend(steward)
        guard engine.isReady else { throw Broken(description: "the engine does not recover") }
        try checkLimits()
        try checkLedger(isSettled: true)
    }

    private func act(_ index: Int) throws {
        guard loops[index].isInTurn else {
            loops[index].isInTurn = true
            return loops[index].door.begin()
        }
        switch random.number(in: 0...9) {
        case 0...3: try check(index)
        case 4, 5: try settle(index)
        default:
            let fault: InMemoryJournal.Fault = random.isOnce(in: 2) ? .lost : .kept
            try end(index, failing: random.isOnce(in: 12) ? fault : nil)
        }
    }

    private func check(_ index: Int) throws {
        let question = SimulatedCheck(
            key: random.number(in: 0...RandomWorld.keyCount - 1),
            model: random.isOnce(in: 2) ? "cheap" : "odd",
            tokens: UInt64(random.number(in: 1...800)),
            input: UInt64(random.number(in: 0...200))
        )
        note("check", " \(question) on \(index)")
        try loops[index].door.check(question)
    }

    /// Reports no more than was reserved: what is beyond that may exceed limits.
    private func settle(_ index: Int) throws {
        guard let reservation = witness.someReservation(&random) else { return }
        let input = UInt64(random.number(in: 1...2))
        let report = SimulatedReport(
            reservation: reservation,
            tokens: TokenCounts(input: input, output: 0)
        )
        note("settle", " \(reservation) on \(index)")
        try loops[index].door.settle(report)
    }

    private func end(_ index: Int, failing fault: InMemoryJournal.Fault?) throws {
        loops[index].isInTurn = false
        if let fault { journal.failNext(fault) }
        let answers = try loops[index].door.end()
        journal.clearFault()
        for answer in answers {
            note("\(answer)".prefix { $0 != "(" }.description, " \(answer)")
            try witness.hear(answer)
        }
        guard fault != nil else { return }
        note("failed turn", " on \(index)")
        // The process may also end at this very moment.
        if random.isOnce(in: 3) { try crash() }
    }

    /// The end of the process, in the middle of whatever is going on, and the beginning of the next.
    private func crash() throws {
        note("crash")
        journal = try journal.reopened()
        time = SteppedTime(
            wall: time.wall,
            running: Int64(random.number(in: 0...1_000_000)),
            after: journal.lastTime
        )
        engine = try Simulation.engine(catalogue, groups, journal, time, digester)
        steward = engine.makeLoop()
        loops = try (0..<3).map { _ in Loop(door: try makeDoor(engine)) }
        // Nobody has heard of what was written and not answered.
        let account = try Witness.Account(journal)
        witness.excused.formUnion(account.holds.keys)
    }

    /// What the server does now and then; its writes can fail, too.
    private func tend() {
        note("tend")
        if random.isOnce(in: 8) { journal.failNext(random.isOnce(in: 2) ? .lost : .kept) }
        let wasReady = engine.isReady
        do {
            try engine.tend(steward)
            if !wasReady { note("recovery") }
        } catch {
            note("failed tending")
        }
        journal.clearFault()
        if !engine.isReady, random.isOnce(in: 2) { try? engine.tend(steward) }
    }

    /// Loads keys that nobody asks about, so that others have to leave memory.
    private func crowd() throws {
        for _ in 0..<10 {
            let filler = KeyRecord.sample(UInt64(random.number(in: 100...130)) * 64)
            if try catalogue.record(id: filler.id) == nil {
                try catalogue.save(filler, replacing: nil)
            }
            _ = try engine.usage(ofKey: filler.id)
        }
    }

    /// Moves a key to another organisation, or to none, whatever its requests are at.
    private func move() throws {
        let number = random.number(in: 0...keys.count - 1)
        var key = keys[number]
        RandomWorld.move(&key, &random)
        key.version += 1
        note("move", " \(number) to \(key.organization ?? "-")")
        try catalogue.save(key, replacing: keys[number])
        try engine.keyChanged(key.id)
        keys[number] = key
    }

    // MARK: Promises

    /// No limit is exceeded, by what was used and what is held together.
    private func checkLimits() throws {
        for key in keys {
            if let usage = try engine.usage(ofKey: key.id) { try check(usage, "\(key.id)") }
        }
        for id in groupIDs {
            if let usage = try engine.usage(ofGroup: id) { try check(usage, id.name) }
        }
    }

    private func check(_ usage: SubjectUsage, _ name: String) throws {
        for limit in usage.limits where limit.remaining < 0 {
            throw Broken(description: "\(name) exceeds \(limit)")
        }
        let held = usage.counters.held
        guard usage.counters.openHolds >= 0, held.cost >= 0, held.tokens >= 0 else {
            throw Broken(description: "\(name) holds less than nothing: \(held)")
        }
    }

    /// What was answered is in the journal, once, and memory agrees with it.
    ///
    /// - Parameter isSettled: whether all that failed has been withdrawn.
    /// - Throws: the first promise that is broken.
    private func checkLedger(isSettled: Bool) throws {
        let account = try Witness.Account(journal)
        try witness.check(account, isSettled: isSettled)
        for (number, key) in keys.enumerated() {
            let known = witness.keys.filter { $0.value == number }.map(\.key)
            let id = SubjectID(key.id)
            let strangers = account.holds.values.filter {
                witness.keys[$0.reservation] == nil && $0.subjects[0] == id
            }
            let cost =
                known.reduce(0) { $0 + (account.cost(of: $1) ?? 0) }
                + strangers.reduce(0) { $0 + $1.counted.cost }
            let used = try account.ledger.counters(of: id)?.used(.total, in: Simulation.always)
            guard used?.cost ?? 0 == cost else {
                let counted = used.map { "\($0)" } ?? "nothing"
                throw Broken(description: "\(key.id) has used \(counted), but should \(cost)")
            }
            guard try engine.usage(ofKey: key.id)?.used(.total) ?? .zero == used ?? .zero else {
                throw Broken(description: "\(key.id) has used something else in memory")
            }
        }
        for id in groupIDs {
            guard let group = try groups.group(id) else { continue }
            let used = try account.ledger.counters(of: group.subject)
            guard let usage = try engine.usage(ofGroup: id) else { continue }
            let always = Simulation.always
            guard usage.used(.total) == used?.used(.total, in: always) ?? .zero,
                usage.counters.held == used?.held ?? .zero,
                usage.counters.openHolds == used?.openHolds ?? 0
            else { throw Broken(description: "\(id.name) has used something else in memory") }
        }
    }

    /// The one window of all time.
    private static let always = WindowID(rawValue: 0)
}
