internal import Synchronization
package import TollgateCore
package import TollgateCrypto

/// How much the engine keeps in memory, and for how long.
package struct EngineOptions: Sendable {
    /// How many keys are kept in memory.
    package var activeKeyLimit = 100_000
    /// How long a hold stays open, in nanoseconds: 15 minutes.
    package var holdAge: Int64 = 900 * 1_000_000_000
    /// How many holds may wait to be settled; beyond that the oldest are taken for expired.
    package var holdLimit = 2_000_000
    /// Of how many settled reservations a repeated report gets the first answer.
    package var settledLimit = 1_000_000

    package init() {}
}

/// What the engine is built on: everything that it does not do itself.
package struct EngineParts: Sendable {
    package var catalogue: any KeyCatalogue
    package var groups: any GroupCatalogue
    package var journal: any Journal
    package var ledger: any Ledger
    package var time: any TimeSource
    /// Makes digests of secrets, under the pepper.
    package var digester: SecretDigester
    package var zones: ZoneCatalogue
    package var prices: PriceList

    package init(
        catalogue: any KeyCatalogue,
        groups: any GroupCatalogue,
        journal: any Journal,
        ledger: any Ledger,
        time: any TimeSource,
        digester: SecretDigester,
        zones: ZoneCatalogue = .utcOnly,
        prices: PriceList = PriceList(models: .builtIn, unpriced: .denyWhenBudgeted)
    ) {
        self.catalogue = catalogue
        self.groups = groups
        self.journal = journal
        self.ledger = ledger
        self.time = time
        self.digester = digester
        self.zones = zones
        self.prices = prices
    }
}

/// The state behind all decisions: the keys in use, their counters and holds, and the journal.
///
/// One for the process; safe from any thread. Event loops ask through a `DecisionLoop`,
/// administrators through `KeyRegistry`.
package final class Engine: Sendable {
    private let parts: EngineParts
    private let options: EngineOptions

    private let state: Mutex<State>
    private let recovering = Mutex(())
    private let serial: Atomic<UInt64>
    private let loopCount = Atomic<UInt32>(0)
    private let tally = Mutex(DecisionTally())
    let openTurns = OpenTurns()
    let strangers = StrangerCounts()

    private struct State {
        var books: Books
        /// Those that are being begun to take the place of books that failed.
        var coming: Books?
        var prices: PriceList
        var suppliers = SupplierCatalogue.empty
        /// Holds whose answers never left, in the books that failed last.
        var withdrawn: [ReservationID] = []
    }

    /// How many withdrawn holds are remembered; those beyond age out like all others.
    private static let withdrawnLimit = 1_000_000

    /// Puts the parts together, and reads the holds that the ledger has kept.
    package init(
        _ parts: EngineParts,
        _ options: EngineOptions = EngineOptions()
    )
        throws(StorageError)
    {
        self.parts = parts
        self.options = options
        let books = try Books(epoch: .first, parts, options)
        state = Mutex(State(books: books, prices: parts.prices))
        // Microseconds: serials of a later run lie above all of an earlier one, which would have
        // needed a million reservations a second for all its life to catch up.
        serial = Atomic(UInt64(clamping: parts.time.now().wall.milliseconds) &* 1000)
    }

    var catalogue: any KeyCatalogue { parts.catalogue }
    var journal: any Journal { parts.journal }
    var digester: SecretDigester { parts.digester }

    /// Where the time comes from.
    package var time: any TimeSource { parts.time }

    /// Where time zones are found.
    package var zones: ZoneCatalogue { parts.zones }

    /// The face of the engine for one event loop.
    package func makeLoop() -> DecisionLoop {
        let number = loopCount.wrappingAdd(1, ordering: .relaxed).newValue
        return DecisionLoop(engine: self, number: number)
    }

    /// Whether decisions can be recorded: what readiness means.
    package var isReady: Bool { books.areSound }

    /// The models and what they cost.
    package var prices: PriceList { state.withLock { $0.prices } }

    /// Takes other models, which count from the next turn on.
    package func use(_ models: ModelCatalogue) {
        state.withLock { state in
            state.prices = PriceList(models: models, unpriced: state.prices.unpriced)
        }
    }

    /// The endpoints that requests can be sent to, and how they are let in there.
    package var suppliers: SupplierCatalogue { state.withLock { $0.suppliers } }

    /// Takes other suppliers, which count from the next turn on.
    package func use(_ suppliers: SupplierCatalogue) {
        state.withLock { $0.suppliers = suppliers }
    }

    var books: Books { state.withLock { $0.books } }

    /// What a turn works with.
    var turnBasis: (books: Books, prices: PriceList, suppliers: SupplierCatalogue) {
        state.withLock { ($0.books, $0.prices, $0.suppliers) }
    }

    // MARK: Recovery

    /// Begins new books from what the journal says, when a write to it has failed.
    ///
    /// Waits for the disk: never called on an event loop. Requests of the failed turn got no answer,
    /// so what they hold is given back, if it is in the journal at all.
    ///
    /// - Throws: when the disk still does not do what it should; to be tried again.
    package func recover() throws(StorageError) {
        try recovering.withLock { _ throws(StorageError) in
            if isReady { return }
            let epoch = try journal.recover()
            let books = try Books(epoch: epoch, parts, options)
            // From here on keys come into these books: what changes meanwhile must reach them.
            state.withLock { $0.coming = books }
            defer { state.withLock { $0.coming = nil } }
            try withdraw(from: books)
            state.withLock { $0.books = books }
        }
    }

    /// Gives back what the requests of failed turns hold, if it is in the journal at all.
    private func withdraw(from books: Books) throws(StorageError) {
        let withdrawn = state.withLock { $0.withdrawn }
        guard !withdrawn.isEmpty else { return }
        let left = try makeLoop().withdraw(withdrawn, from: books)
        // Others may have come meanwhile, behind these.
        state.withLock { $0.withdrawn.replaceSubrange(..<withdrawn.count, with: left) }
    }

    /// Gives back what requests hold of turns that failed so late that the books had been begun.
    private func withdrawStragglers() throws(StorageError) {
        try recovering.withLock { _ throws(StorageError) in
            let books = books
            if books.areSound { try withdraw(from: books) }
        }
    }

    /// Gives the books up because the store takes no writes, whatever it was that it could not write.
    ///
    /// The next append would fail anyway; this way nobody has to ask first, and the next `tend`
    /// recovers.
    package func distrust() {
        books.spoil()
    }

    /// Notes that a turn could not be recorded.
    ///
    /// - Parameters:
    ///   - books: what the turn worked with.
    ///   - withdrawn: the holds that it made; none of their answers has left.
    func failed(_ books: Books, withdrawn: [ReservationID]) {
        books.spoil()
        state.withLock { state in
            let room = Engine.withdrawnLimit - state.withdrawn.count
            state.withdrawn += withdrawn.prefix(max(room, 0))
        }
    }

    // MARK: Keys

    /// The key that a secret leads to; nil when it leads to none.
    ///
    /// Whether it may be used, and whether the secret is still the key's, is told under the lock of
    /// its account; a key that may not goes to `Books.renew`.
    func key(
        forSecret secret: Span<UInt8>,
        in books: Books
    ) throws(EngineError) -> (key: ActiveKey, digest: KeyDigest)? {
        if KeySecret.kind(of: secret) == .mistyped { return nil }
        let digest = digester.digest(of: secret)
        if let key = try books.key(for: digest) { return (key, digest) }
        guard catalogue.hasHashedSecrets else { return nil }
        let hashed = digester.digest(ofHash: SHA256.digest(of: secret))
        return try books.key(for: hashed).map { ($0, hashed) }
    }

    /// Whose secret this is, and why the key may not be used now from an address.
    ///
    /// - Parameters:
    ///   - secret: what was presented.
    ///   - address: where from; nil when that is not known.
    ///   - time: now.
    /// - Returns: the key, and nil when it may be used; nil when the secret is nobody's.
    /// - Throws: when the key's record cannot be read.
    func holder(
        ofSecret secret: Span<UInt8>,
        from address: IPAddress?,
        at time: WallTime
    ) throws(EngineError) -> (rules: KeyRules, denial: Reason?)? {
        let books = books
        for _ in 0..<Books.patience {
            guard let (key, digest) = try key(forSecret: secret, in: books) else { break }
            let holder = key.account.withLock { () -> (rules: KeyRules, denial: Reason?)? in
                guard key.isUsable, key.rules.knows(digest) else { return nil }
                let subject = DecisionSubject(rules: key.rules, chain: key.chain)
                return (key.rules, Decide.identityDenial(from: address, subject, at: time))
            }
            if let holder { return holder.rules.accepts(digest, at: time) ? holder : nil }
            try books.renew(key, digest)
        }
        return nil
    }

    /// Why a key may not be used at a time and from an address, whoever presents it; nil when it may.
    func denial(
        ofKey id: KeyID,
        from address: IPAddress?,
        at time: WallTime
    ) throws(EngineError) -> Reason? {
        let books = books
        for _ in 0..<Books.patience {
            guard let key = try books.keys.key(id) else { break }
            let answer = key.account.withLock { () -> Reason?? in
                guard key.isUsable else { return .none }
                let subject = DecisionSubject(rules: key.rules, chain: key.chain)
                return .some(Decide.identityDenial(from: address, subject, at: time))
            }
            if let answer { return answer }
            try books.keys.reload(id)
        }
        return .invalidAPIKey
    }

    /// Makes a change of a key count from the next decision on.
    package func keyChanged(_ id: KeyID) throws(EngineError) {
        for books in allBooks { try books.keys.reload(id) }
    }

    /// Makes a change of a group count from the next decision on.
    ///
    /// - Throws: when it does not count everywhere. The books are given up then: those that are begun
    ///   instead read the groups again.
    package func groupChanged(_ record: GroupRecord) throws(EngineError) {
        do {
            for books in allBooks { try books.loader.update(record) }
        } catch {
            for books in allBooks { books.spoil() }
            throw error
        }
    }

    /// The books in use, behind those that are about to be: a change must reach both.
    private var allBooks: [Books] {
        state.withLock { [$0.coming, $0.books].compactMap(\.self) }
    }

    // MARK: Figures

    /// How often each reason was given since the start.
    package var decisions: DecisionTally { tally.withLock { $0 } }

    /// How many keys are in memory.
    package var activeKeyCount: Int { books.keys.count }

    /// How many requests are allowed and not settled, those that expired lately included.
    package var pendingHoldCount: Int { books.holds.pendingCount }

    func nextSerial() -> UInt64 {
        serial.wrappingAdd(1, ordering: .relaxed).newValue
    }

    func publish(_ turn: inout DecisionTally) {
        tally.withLock { $0.add(turn) }
        turn.reset()
    }
}

extension Engine {
    /// Does the housekeeping: begins new books when a write failed, ends holds whose time is over, and
    /// records what strangers were told.
    ///
    /// Waits for the disk: for a thread of its own, about once a second, by one caller at a time.
    ///
    /// - Parameter loop: a loop that nobody else uses.
    /// - Throws: what keeps it from being done; to be tried again.
    package func tend(_ loop: DecisionLoop) throws(EngineError) {
        do {
            if !isReady { try recover() }
            try withdrawStragglers()
        } catch {
            throw .storage(error)
        }
        var count: Int
        var problem: EngineError?
        repeat {
            loop.beginTurn()
            (count, problem) = loop.expireHolds(limit: Engine.expiryBatch)
            _ = try loop.commit()
        } while count == Engine.expiryBatch
        do { try recordStrangers() } catch { throw .storage(error) }
        if let problem { throw problem }
    }

    /// How many holds end in one turn.
    private static let expiryBatch = 4096
}
