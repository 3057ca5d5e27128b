internal import SimulationTesting
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateTesting

@testable internal import TollgateEngine

/// The engine and the naive model, side by side: the same is done to both, and must have the same
/// effect.
final class Twins {
    /// Where they differ.
    struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    let catalogue = InMemoryCatalogue()
    let groups = InMemoryGroups()
    let digester: SecretDigester
    let options: EngineOptions
    var random: SeededGenerator
    var time: SteppedTime
    var journal = InMemoryJournal()
    var engine: Engine
    var loops: [DecisionLoop]
    var book: NaiveBook
    /// As the model was before the turn.
    var saved: NaiveBook
    /// What was answered, the oldest first; `begun` in this turn, whose answers have not left.
    var answered: [ReservationID] = []
    var begun: [ReservationID] = []
    /// What was done, for whoever has to find out why.
    var log: [String] = []
    /// How often each reason was given, with and without being monitored.
    var reasons: [Reason: Int] = [:]
    var outcomes: [String: Int] = [:]

    init(seed: UInt64, options: EngineOptions) throws {
        random = SeededGenerator(seed: seed)
        self.options = options
        digester = try RandomWorld.digester()
        var zones: [String: ZoneRules] = ["UTC": .utc]
        for name in RandomWorld.zones.keys {
            zones[name] = RandomWorld.catalogue.zone(named: name)
        }
        book = NaiveBook(windows: NaiveWindows(zones: zones))
        // Days on which clocks change, months or years end, and 29 February.
        let starts: [Int64] = [
            1_730_584_800, 1_741_500_000, 1_709_160_000, 1_735_660_000, 1_727_780_000,
            1_743_280_000,
        ]
        let start = starts[random.number(in: 0...starts.count - 1)] * 1_000_000_000
        time = SteppedTime(wall: start, running: 5, after: nil)
        for group in RandomWorld.groups(&random) {
            groups.put(group)
            book.groups[group.id] = group
            guard let level = LimitLevel(rawValue: group.id.kind.rawValue) else { continue }
            book.subjects[group.subject] = NaiveSubject(level: level)
        }
        for number in 0..<RandomWorld.keyCount {
            let key = RandomWorld.key(number, digester, &random)
            try catalogue.save(key, replacing: nil)
            book.keys[key.id] = key
            book.subjects[SubjectID(key.id)] = NaiveSubject(level: .key)
        }
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
        engine = try Engine(parts, options)
        loops = [engine.makeLoop(), engine.makeLoop(), engine.makeLoop()]
        saved = book
        for id in book.subjects.keys { copyRules(of: id) }
    }

    /// Gives the model's subject what is written in its record.
    func copyRules(of id: SubjectID) {
        if let key = book.keys.values.first(where: { SubjectID($0.id) == id }) {
            book.subjects[id]?.settings = key.limits
        }
        if let group = book.groups.values.first(where: { $0.subject == id }) {
            book.subjects[id]?.settings = group.limits
            book.subjects[id]?.credits = group.credits
            book.subjects[id]?.isEnabled = group.isEnabled
        }
        book.excuse([id])
    }

    var keyIDs: [KeyID] { book.keys.keys.sorted() }
    var groupIDs: [GroupID] { book.groups.keys.sorted { $0.name < $1.name } }

    // MARK: Turns

    /// One turn of a loop: some questions and reports, and the write that they end in.
    func turn(failing fault: InMemoryJournal.Fault? = nil) throws {
        let loop = loops[random.number(in: 0...1)]
        saved = book
        begun = []
        loop.beginTurn()
        for _ in 0..<random.number(in: 1...4) {
            if random.isOnce(in: 3) { try settle(loop) } else { try check(loop) }
            if random.isOnce(in: 20) { try moveKey() }
        }
        if let fault { journal.failNext(fault) }
        do {
            _ = try loop.commit()
            // A turn without records writes nothing.
            journal.clearFault()
            book.write(at: loop.now)
            answered += begun
        } catch {
            guard fault != nil else { throw error }
            log.append("the turn fails: \(fault.map { "\($0)" } ?? "")")
            // What administrators have changed is in the catalogue, whatever becomes of the turn.
            saved.keys = book.keys
            if case .lost = fault { book = saved } else { book.write(at: loop.now) }
            // Nobody knows them, so nobody settles them.
            if random.isOnce(in: 2) { try restart() } else { try recover() }
        }
    }

    /// Begins new books, sometimes with a disk that is still not sound.
    private func recover() throws {
        let fault: InMemoryJournal.Fault? = random.isOnce(in: 4) ? .lost : nil
        if let fault { journal.failNext(random.isOnce(in: 2) ? .kept : fault) }
        for _ in 0..<3 where !engine.isReady { try? engine.tend(loops[2]) }
        journal.clearFault()
        guard engine.isReady else { throw Difference(description: "the engine does not recover") }
        book.reload()
        for reservation in begun { book.withdraw(reservation, at: time.now()) }
        book.expire(age: options.holdAge, at: time.now())
    }

    /// The end of the process, and the beginning of the next one.
    func restart() throws {
        log.append("restart")
        journal = try journal.reopened()
        let running = Int64(random.number(in: 0...1_000_000_000))
        time = SteppedTime(wall: time.wall, running: running, after: journal.lastTime)
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
        engine = try Engine(parts, options)
        loops = [engine.makeLoop(), engine.makeLoop(), engine.makeLoop()]
        book.reload()
        try tend()
    }

    /// Loads keys that nobody asks about, so that others have to leave memory.
    func crowd() throws {
        for _ in 0..<4 {
            let filler = KeyRecord.sample(UInt64(random.number(in: 100...130)) * 64)
            if try catalogue.record(id: filler.id) == nil {
                try catalogue.save(filler, replacing: nil)
            }
            _ = try engine.usage(ofKey: filler.id)
        }
    }

    /// What the server does now and then.
    func tend() throws {
        log.append("tend")
        try engine.tend(loops[2])
        book.expire(age: options.holdAge, at: time.now())
        if random.isOnce(in: 2) { try journal.project() }
    }
}
