internal import Synchronization
internal import TollgateCore

/// Requests that were allowed and wait to be settled, and those that were settled lately.
///
/// Safe from any thread. A reservation is in one place at a time: pending, or settled.
final class HoldTable: Sendable {
    private static let shardCount = 64

    private let shards: [Shard]
    /// How long holds stay open, in nanoseconds.
    let age: Int64

    /// Makes an empty table.
    ///
    /// - Parameters:
    ///   - age: how long holds stay open, in nanoseconds.
    ///   - pendingLimit: how many wait at most; beyond that the oldest are taken for expired. A
    ///     quarter of them may be expired ones; beyond that the oldest are forgotten.
    ///   - settledLimit: of how many settled ones a repeat gets the first answer.
    init(age: Int64, pendingLimit: Int, settledLimit: Int) {
        self.age = age
        shards = (0..<HoldTable.shardCount).map { _ in
            Shard(
                pendingLimit: max(8, pendingLimit / HoldTable.shardCount),
                settledLimit: max(8, settledLimit / HoldTable.shardCount)
            )
        }
    }

    /// Adds a hold that begins, or one that the ledger kept.
    func insert(_ hold: LedgerHold) {
        shard(of: hold.reservation).holds.withLock { $0.insert(hold) }
    }

    /// Adds a reservation that the ledger knows as settled.
    func insert(_ settled: SettledReservation) {
        shard(of: settled.reservation).holds.withLock { holds in
            holds.settle(settled.reservation, cost: settled.cost, by: nil)
        }
    }

    /// How a reservation stands.
    enum Standing {
        case unknown
        case pending(LedgerHold)
        /// Somebody is ending it in a turn that is not in the journal yet.
        case ending
        case settled(cost: Money)
    }

    /// What is known of a reservation.
    ///
    /// - Parameters:
    ///   - reservation: the reservation.
    ///   - loop: who asks; what it has ended in this turn is kept if its answer is.
    /// - Returns: whether it is pending or settled, if it is known at all.
    func standing(of reservation: ReservationID, for loop: UInt32) -> Standing {
        shard(of: reservation).holds.withLock { $0.standing(of: reservation, for: loop) }
    }

    /// Takes a hold out to settle it; nil when somebody else was faster.
    func settle(_ reservation: ReservationID, cost: Money, by loop: UInt32) -> LedgerHold? {
        shard(of: reservation).holds.withLock { holds in
            guard case .pending = holds.standing(of: reservation, for: loop) else { return nil }
            let hold = holds.remove(reservation)
            holds.settle(reservation, cost: cost, by: loop)
            return hold
        }
    }

    /// Takes a hold out for good; nil when it is not pending.
    func withdraw(_ reservation: ReservationID) -> LedgerHold? {
        shard(of: reservation).holds.withLock { $0.remove(reservation) }
    }

    /// Lets a hold expire, which from then on waits to be settled late.
    ///
    /// - Parameters:
    ///   - reservation: the hold.
    ///   - counted: what counts of it from now on.
    ///   - loop: in whose turn.
    /// - Returns: the hold as it was, open; nil when somebody else has ended it meanwhile.
    func expire(
        _ reservation: ReservationID,
        leaving counted: Amounts,
        by loop: UInt32
    ) -> LedgerHold? {
        shard(of: reservation).holds.withLock { holds in
            holds.expire(reservation, leaving: counted, by: loop)
        }
    }

    /// Notes that the end of a hold is in the journal.
    func recorded(_ reservation: ReservationID) {
        shard(of: reservation).holds.withLock { $0.recorded(reservation) }
    }

    /// Finds the oldest hold whose time is over, if there is one among those of this number.
    ///
    /// It stays pending, but is not found again: whoever gets it calls `expire` or `postpone`.
    ///
    /// - Parameters:
    ///   - shard: 0 to `shardCount` - 1, to be gone through in turns.
    ///   - now: the time.
    /// - Returns: the hold.
    func nextOverdue(shard: Int, at now: MonotonicTime) -> LedgerHold? {
        shards[shard].holds.withLock { $0.nextOverdue(age: age, at: now) }
    }

    /// Lets a hold be found again that could not be ended.
    func postpone(_ reservation: ReservationID) {
        shard(of: reservation).holds.withLock { $0.postpone(reservation) }
    }

    /// How many shards there are to go through.
    var shardCount: Int { HoldTable.shardCount }

    /// How many holds wait to be settled, late ones included.
    var pendingCount: Int {
        shards.reduce(0) { sum, shard in sum + shard.holds.withLock { $0.count } }
    }

    private func shard(of reservation: ReservationID) -> Shard {
        shards[Int(truncatingIfNeeded: reservation.rawValue) & (HoldTable.shardCount - 1)]
    }

    private final class Shard: Sendable {
        let holds: Mutex<PendingHolds>

        init(pendingLimit: Int, settledLimit: Int) {
            holds = Mutex(PendingHolds(pendingLimit: pendingLimit, settledLimit: settledLimit))
        }
    }
}
