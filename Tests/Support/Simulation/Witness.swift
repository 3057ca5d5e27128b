internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

/// What the clients were told, and nothing else.
struct Witness {
    /// What a journal adds up to.
    struct Account {
        let ledger: InMemoryJournal
        private(set) var holds: [ReservationID: LedgerHold] = [:]
        private(set) var settled: [ReservationID: [Int64]] = [:]

        /// Reads a journal from its beginning.
        init(_ journal: InMemoryJournal) throws {
            ledger = try journal.reopened()
            var holds: [ReservationID: LedgerHold] = [:]
            var settled: [ReservationID: [Int64]] = [:]
            try ledger.readHolds(
                pending: { holds[$0.reservation] = $0 },
                settled: { settled[$0.reservation, default: []].append($0.cost.nanos) }
            )
            self.holds = holds
            self.settled = settled
        }

        /// What counts of a reservation; nil when it is not there.
        func cost(of reservation: ReservationID) -> Int64? {
            settled[reservation]?.first ?? holds[reservation]?.counted.cost
        }
    }

    /// Which key each reservation was given to.
    private(set) var keys: [ReservationID: Int] = [:]
    private var reserved: [ReservationID: Int64] = [:]
    private var settled: [ReservationID: Int64] = [:]
    private var order: [ReservationID] = []
    /// Holds that were written, but not answered before the process ended.
    var excused: Set<ReservationID> = []

    /// A reservation to settle: mostly a new one.
    func someReservation(_ random: inout SeededGenerator) -> ReservationID? {
        order.suffix(random.isOnce(in: 3) ? 40 : 6).randomElement(using: &random)
    }

    /// Notes an answer; throws when it contradicts an earlier one.
    mutating func hear(_ answer: SimulatedAnswer) throws {
        switch answer {
        case .allowed(let reservation, let key, let cost):
            guard keys[reservation] == nil else {
                throw Simulation.Broken(description: "\(reservation) was given out twice")
            }
            keys[reservation] = key
            reserved[reservation] = cost
            order.append(reservation)
        case .settled(let reservation, let outcome):
            if let first = settled[reservation] {
                guard outcome == SettlementOutcome(.duplicate, cost: Money(nanos: first)) else {
                    throw Simulation.Broken(description: "\(reservation) was settled twice")
                }
            }
            settled[reservation] = outcome.cost.nanos
        case .unknown(let reservation):
            throw Simulation.Broken(description: "\(reservation) is forgotten")
        case .denied, .refused: break
        }
    }

    /// Looks whether a journal has what was answered, and no more.
    func check(_ account: Account, isSettled: Bool) throws {
        for reservation in order {
            guard let cost = account.cost(of: reservation) else {
                throw Simulation.Broken(description: "\(reservation) is lost")
            }
            let settlements = account.settled[reservation] ?? []
            guard settlements.count <= 1, settlements.isEmpty || account.holds[reservation] == nil
            else { throw Simulation.Broken(description: "\(reservation) counts twice") }
            if let first = settled[reservation], settlements != [first] {
                throw Simulation.Broken(description: "the settlement of \(reservation) is lost")
            }
            if settlements.isEmpty, cost != reserved[reservation] {
                throw Simulation.Broken(description: "\(reservation) holds \(cost)")
            }
        }
        guard account.settled.keys.allSatisfy({ keys[$0] != nil }) else {
            throw Simulation.Broken(description: "somebody settled what nobody knows")
        }
        guard isSettled else { return }
        for reservation in account.holds.keys where keys[reservation] == nil {
            guard excused.contains(reservation) else {
                throw Simulation.Broken(description: "\(reservation) counts, though refused")
            }
        }
    }
}
