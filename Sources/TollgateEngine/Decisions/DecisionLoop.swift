package import TollgateCore
internal import TollgateCrypto

/// The engine as one event loop sees it: it decides, and records what it decided.
///
/// Confined to its loop. A turn begins with the clock, decides and settles any number of questions
/// and ends with `commit`; no answer of the turn may leave before that has returned.
package final class DecisionLoop {
    let engine: Engine
    /// Tells this loop's turns from those of others.
    let number: UInt32
    private let turn: OpenTurns.Turn
    // What follows is touched by one thread, by methods that do not call each other while they
    // change it: checking that at run time, for each request, would find nothing.
    /// Filled when the first reservation is made: only that can fail, and then denies.
    @exclusivity(unchecked) private var random: RandomPool?
    @exclusivity(unchecked) private var block = JournalBlock()
    /// The records of holds that end: appended behind all others of the turn, as they count after all
    /// others.
    @exclusivity(unchecked) var endRecords = JournalBlock()
    @exclusivity(unchecked) var now: Now
    @exclusivity(unchecked) var books: Books
    @exclusivity(unchecked) var prices: PriceList
    @exclusivity(unchecked) private(set) var suppliers: SupplierCatalogue
    @exclusivity(unchecked) var endedHolds = EndedHolds()
    /// What was reserved in this turn.
    @exclusivity(unchecked) private var reservations: [ReservationID] = []
    /// What was reserved in the turn that was committed last.
    @exclusivity(unchecked) private var committedReservations: [ReservationID] = []
    @exclusivity(unchecked) var tally = DecisionTally()

    // MARK: What the last question leaves besides its verdict

    /// What is left of the limits of the last question's key, the tightest first; empty when no key
    /// was found.
    @exclusivity(unchecked) package private(set) var report = LimitReport()

    /// Where the request of the last question is to go; nil when it was denied, was but a dry run, or
    /// goes wherever the proxy sends it.
    @exclusivity(unchecked) package private(set) var supplier: Supplier?

    /// The models that the key of the last question may call; nil unless it may list them.
    @exclusivity(unchecked) package private(set) var models: ModelFilter?

    /// On which meters the last question was counted; nil when it was denied.
    ///
    /// For their names, which never change: all else of them is guarded by the account's lock.
    @exclusivity(unchecked) package private(set) var chain: MeterChain?

    /// The content rules of the last question's key; nil unless they were needed to decide.
    @exclusivity(unchecked) package private(set) var contentRules: ContentRules?

    // MARK: Turns

    init(engine: Engine, number: UInt32) {
        self.engine = engine
        self.number = number
        turn = engine.openTurns.add()
        now = engine.time.now()
        (books, prices, suppliers) = engine.turnBasis
        block.reset(at: now)
        endRecords.reset(at: now)
    }

    deinit {
        engine.openTurns.remove(turn)
    }

    /// Starts a turn: reads the clocks.
    package func beginTurn() {
        now = engine.time.now()
        (books, prices, suppliers) = engine.turnBasis
        block.reset(at: now)
        endRecords.reset(at: now)
    }

    // MARK: Deciding

    /// Decides one question, and counts it when it is allowed.
    ///
    /// A denial of a key that nobody knows is counted and recorded later, with others of its minute:
    /// strangers must not be able to fill the disk.
    ///
    /// - Parameter request: the question; what follows from the supplier that it goes to is filled in.
    /// - Returns: the verdict; it counts only once `commit` has returned. With `needsContent` set
    ///   nothing is decided yet: look through the content for `contentRules` and ask again.
    /// - Throws: when the key's record cannot be read, the generator of random numbers fails, the
    ///   turn is full, or the journal cannot be written. Nothing may be allowed then.
    package func check(_ request: inout CheckRequest) throws(EngineError) -> Verdict {
        forgetLastQuestion()
        try requireRoom(for: DecisionRecord.lengthLimit + ChargeRecord.lengthLimit)
        let verdict = try decide(&request)
        // A dry run counts nowhere, and is in no block; nor is what is asked again with its content.
        if request.isDryRun || verdict.needsContent { return verdict }
        if verdict.keyID == nil {
            engine.strangers.count(verdict.reason, from: request.clientIP, at: now.wall)
        } else {
            guard DecisionRecord.write(verdict, on: request, to: &block) else { throw .overloaded }
        }
        tally.count(verdict.reason)
        return verdict
    }

    private func forgetLastQuestion() {
        report.removeAll()
        supplier = nil
        models = nil
        chain = nil
        contentRules = nil
    }

    private func decide(_ request: inout CheckRequest) throws(EngineError) -> Verdict {
        for _ in 0..<Books.patience {
            guard let (key, digest) = try key(of: request) else { break }
            if let verdict = try decide(&request, key, digest) { return verdict }
            try books.renew(key, digest)
        }
        return Decide.verdict(withoutKey: request.credentials)
    }

    /// Decides what a key asks; nil when it has to be looked for again.
    private func decide(
        _ request: inout CheckRequest,
        _ key: ActiveKey,
        _ digest: KeyDigest
    ) throws(EngineError) -> Verdict? {
        let price = prices.price(of: request)
        let reservation = try mint()
        key.account.lock()
        defer { key.account.unlock() }
        guard key.isUsable, key.rules.knows(digest) else { return nil }
        guard key.rules.accepts(digest, at: now.wall) else {
            return Decide.verdict(withoutKey: .presented)
        }
        key.isRecent = true
        let chain = key.chain
        let subject = DecisionSubject(rules: key.rules, chain: chain)
        let (known, supplier) = suppliers.direct(&request, by: subject, prices.models)
        let verdict = Decide.verdict(
            on: request,
            by: subject,
            price: price,
            supplier: known,
            at: now,
            reservation: reservation
        )
        if let charge = verdict.charge, !request.isDryRun {
            try count(charge, verdict.reservation, request, price.known, on: chain)
        }
        report.read(
            chain,
            at: now,
            denied: verdict.limit,
            everything: request.wantsEveryLimit
        )
        if verdict.needsContent || verdict.reason == .contentBlocked {
            contentRules = key.rules.content
        }
        if verdict.isAllowed {
            self.chain = chain
            if !request.isDryRun { self.supplier = supplier }
            if Decide.isListing(request) { models = ModelFilter(of: subject, at: known) }
        }
        return verdict
    }

    /// Counts an allowed request, on all meters and in the journal.
    private func count(
        _ charge: Charge,
        _ reservation: ReservationID,
        _ request: borrowing CheckRequest,
        _ price: ModelPrice?,
        on chain: MeterChain
    ) throws(EngineError) {
        // Before anything is counted: a record that finds no room would leave the counters alone.
        guard
            ChargeRecord.write(
                charge,
                reservation,
                inputTokens: request.inputTokens,
                price: price,
                on: chain,
                to: &block
            )
        else { throw .overloaded }
        if reservations.isEmpty { turn.begin(at: now.monotonic) }
        chain.count(charge, at: now)
        books.holds.insert(
            LedgerHold(
                reservation,
                charge,
                inputTokens: request.inputTokens,
                price: price,
                on: chain,
                at: now
            )
        )
        reservations.append(reservation)
    }

    /// The key that a question presents, ready to be asked; nil when it presents none that we know.
    func key(
        of request: borrowing CheckRequest
    ) throws(EngineError) -> (key: ActiveKey, digest: KeyDigest)? {
        guard request.credentials == .presented else { return nil }
        return try engine.key(forSecret: request.secret.bytes, in: books)
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

    /// Makes sure that what is about to be counted can be recorded.
    func requireRoom(for length: Int) throws(EngineError) {
        guard books.areSound else { throw .storage(.unwritable) }
        guard block.hasRoom(for: length + endRecords.count) else { throw .overloaded }
    }

    // MARK: The end of a turn

    /// Ends a turn: appends what it decided and settled to the journal, in one write.
    ///
    /// - Returns: where it is, nil when there was nothing.
    /// - Throws: when it could not be written. Then it is not known whether it was, and every answer
    ///   of the turn must be withdrawn.
    package func commit() throws(EngineError) -> JournalPosition? {
        guard !block.isEmpty || !endRecords.isEmpty else {
            engine.publish(&tally)
            return nil
        }
        defer {
            block.reset(at: now)
            endRecords.reset(at: now)
            endedHolds.removeAll()
            turn.end()
            reservations.removeAll(keepingCapacity: true)
        }
        guard block.append(recordsOf: endRecords) else {
            preconditionFailure("room for the ends of holds was made before")
        }
        do {
            let position = try engine.journal.append(block.bytes, epoch: books.epoch)
            endedHolds.count(at: now, position, in: books)
            engine.publish(&tally)
            swap(&committedReservations, &reservations)
            return position
        } catch {
            engine.failed(books, withdrawn: reservations)
            // Withdrawn answers were not given, so they do not count.
            tally.reset()
            throw .storage(error)
        }
    }

    /// Calls back, from any thread, when the turn that was committed last survives the loss of
    /// power, or will not.
    ///
    /// When it will not, its answers must be withdrawn; the books are given up by then, and what the
    /// turn holds is given back when new ones are reservations.
    ///
    /// - Parameters:
    ///   - position: what `commit` has returned.
    ///   - body: called once.
    package func whenDurable(
        _ position: JournalPosition,
        _ body: @escaping @Sendable (StorageError?) -> Void
    ) {
        engine.journal.whenDurable(position) { [engine, books, committedReservations] error in
            if error != nil { engine.failed(books, withdrawn: committedReservations) }
            body(error)
        }
    }
}
