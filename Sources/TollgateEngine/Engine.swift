internal import Synchronization
internal import TollgateCore
package import TollgateCrypto

/// The state behind all decisions: the keys in use, the journal, and what both are kept in.
///
/// One for the process; safe from any thread. Event loops ask through a `DecisionLoop`,
/// administrators through `KeyRegistry`.
package final class Engine: Sendable {
    let catalogue: any KeyCatalogue
    let journal: any Journal
    package let time: any TimeSource
    let digester: SecretDigester
    let table: KeyTable

    private let serial: Atomic<UInt64>
    private let isJournalWritable = Atomic<Bool>(true)
    private let tally = Mutex(DecisionTally())

    /// Puts the parts together.
    ///
    /// - Parameters:
    ///   - catalogue: where records are kept.
    ///   - journal: where decisions go before their answers leave.
    ///   - time: the clocks.
    ///   - digester: makes digests of secrets, under the pepper.
    ///   - activeKeyLimit: how many keys are kept in memory at most.
    package init(
        catalogue: any KeyCatalogue,
        journal: any Journal,
        time: any TimeSource,
        digester: SecretDigester,
        activeKeyLimit: Int
    ) {
        self.catalogue = catalogue
        self.journal = journal
        self.time = time
        self.digester = digester
        table = KeyTable(limit: activeKeyLimit)
        // Microseconds: serials of a later run lie above all of an earlier one, which would have
        // needed a million reservations a second for all its life to catch up.
        serial = Atomic(UInt64(clamping: time.now().wall.milliseconds) &* 1000)
    }

    /// The face of the engine for one event loop.
    package func makeLoop() -> DecisionLoop {
        DecisionLoop(engine: self)
    }

    /// Whether the last write to the journal succeeded: what readiness means.
    package var isReady: Bool { isJournalWritable.load(ordering: .relaxed) }

    /// Whether the journal can be written, tried out when the last write failed.
    ///
    /// Waits for the disk. Without the trial, a proxy that sends nothing to a server that is not
    /// ready would keep it from ever getting ready again.
    package func checkJournal() -> Bool {
        if isReady { return true }
        var block = JournalBlock()
        block.reset(at: time.now().wall)
        do {
            _ = try journal.append(block.bytes)
            journalIsWritable(true)
            return true
        } catch {
            return false
        }
    }

    /// How often each reason was given since the start.
    package var decisions: DecisionTally { tally.withLock { $0 } }

    /// How many secrets are in memory.
    package var activeKeyCount: Int { table.count }

    /// The rules that the request's secret stands for; nil when it stands for none.
    func rules(
        for request: borrowing CheckRequest,
        at time: WallTime
    ) throws(EngineError) -> KeyRules? {
        guard request.credentials == .presented else { return nil }
        return try rules(forSecret: request.secret.bytes, at: time)
    }

    /// The rules that a secret stands for; nil when it stands for none.
    func rules(
        forSecret secret: Span<UInt8>,
        at time: WallTime
    ) throws(EngineError) -> KeyRules? {
        if KeySecret.kind(of: secret) == .mistyped { return nil }
        let digest = digester.digest(of: secret)
        do {
            return try table.rules(for: digest, at: time) { () throws(StorageError) in
                try catalogue.record(forDigest: digest)
            }
        } catch {
            throw .storage(error)
        }
    }

    func nextSerial() -> UInt64 {
        serial.wrappingAdd(1, ordering: .relaxed).newValue
    }

    func journalIsWritable(_ isWritable: Bool) {
        if isJournalWritable.load(ordering: .relaxed) != isWritable {
            isJournalWritable.store(isWritable, ordering: .relaxed)
        }
    }

    func publish(_ turn: inout DecisionTally) {
        tally.withLock { $0.add(turn) }
        turn.reset()
    }
}
