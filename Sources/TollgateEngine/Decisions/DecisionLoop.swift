package import TollgateCore
internal import TollgateCrypto

/// The engine as one event loop sees it: it decides, and records what it decided.
///
/// Confined to its loop. A turn begins with the clock, decides any number of questions and ends
/// with `commit`; no answer of the turn may leave before that has returned.
package final class DecisionLoop {
    private let engine: Engine
    // What follows is touched by one thread, by methods that do not call each other while they
    // change it: checking that at run time, for each request, would find nothing.
    /// Filled when the first reservation is made: only that can fail, and then denies.
    @exclusivity(unchecked) private var random: RandomPool?
    @exclusivity(unchecked) private var block = JournalBlock()
    @exclusivity(unchecked) private var now: Now
    @exclusivity(unchecked) private var tally = DecisionTally()

    init(engine: Engine) {
        self.engine = engine
        now = engine.time.now()
        block.reset(at: now.wall)
    }

    /// Starts a turn: reads the clocks.
    package func beginTurn() {
        now = engine.time.now()
        block.reset(at: now.wall)
    }

    /// Decides one question.
    ///
    /// - Returns: the verdict; it counts only once `commit` has returned.
    /// - Throws: when the key's record cannot be read, the generator of random numbers fails, the
    ///   turn is full, or a dry run meets a journal that cannot be written. Nothing may be allowed
    ///   then.
    package func check(_ request: borrowing CheckRequest) throws(EngineError) -> Verdict {
        let verdict = try decide(request)
        if request.isDryRun {
            // It is in no block whose failure would withdraw it, and it counts nowhere.
            guard engine.isReady else {
                throw .storage(StorageError(.io, "the journal cannot be written"))
            }
            return verdict
        }
        guard DecisionRecord.write(verdict, on: request, to: &block) else {
            throw .overloaded
        }
        tally.count(verdict.reason)
        return verdict
    }

    private func decide(_ request: borrowing CheckRequest) throws(EngineError) -> Verdict {
        guard let rules = try engine.rules(for: request, at: now.wall) else {
            return Decide.verdict(withoutKey: request.credentials)
        }
        return Decide.verdict(on: request, rules: rules, at: now, reservation: try mint())
    }

    private func mint() throws(EngineError) -> ReservationID {
        let serial = UInt128(engine.nextSerial()) << 64
        do {
            if random == nil { random = try RandomPool() }
            guard let entropy = try random?.uint64() else { throw CryptoError(.generator, "empty") }
            return ReservationID(rawValue: serial | UInt128(entropy))
        } catch {
            throw .noRandomness
        }
    }

    /// How the decision on a question comes about, one line for each check.
    package func explain(_ request: borrowing CheckRequest) -> [String] {
        let found: KeyRules?
        do {
            found = try engine.rules(for: request, at: now.wall)
        } catch {
            return ["key: cannot be read now"]
        }
        guard let rules = found else {
            return ["key: denies (\(Decide.verdict(withoutKey: request.credentials).reason.code))"]
        }
        return Decide.explanation(of: request, rules: rules, at: now)
    }

    /// Ends a turn: appends its decisions to the journal, in one write.
    ///
    /// - Returns: where they are, nil when there were none.
    /// - Throws: when they could not be written. Then it is not known whether they were, and every
    ///   answer of the turn must be withdrawn.
    package func commit() throws(EngineError) -> JournalPosition? {
        guard !block.isEmpty else {
            engine.publish(&tally)
            return nil
        }
        defer { block.reset(at: now.wall) }
        do {
            let position = try engine.journal.append(block.bytes)
            engine.journalIsWritable(true)
            engine.publish(&tally)
            return position
        } catch {
            engine.journalIsWritable(false)
            // Withdrawn answers were not given, so they do not count.
            tally.reset()
            throw .storage(error)
        }
    }

    /// Calls back, from any thread, when a position survives the loss of power, or will not.
    package func whenDurable(
        _ position: JournalPosition,
        _ body: @escaping @Sendable (StorageError?) -> Void
    ) {
        engine.journal.whenDurable(position, body)
    }
}

/// How often each reason was given.
package struct DecisionTally: Sendable {
    /// By `Reason.rawValue`.
    private var counts = [UInt64](repeating: 0, count: 64)

    init() {}

    mutating func count(_ reason: Reason) {
        counts[Int(reason.rawValue) & 63] &+= 1
    }

    mutating func add(_ other: DecisionTally) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }

    mutating func reset() {
        for index in counts.indices { counts[index] = 0 }
    }

    /// How often this reason was given.
    package subscript(reason: Reason) -> UInt64 {
        counts[Int(reason.rawValue) & 63]
    }
}
