package import TollgateCore

/// A hold as the ledger keeps it: what is held, and on whom.
package struct LedgerHold: Equatable, Sendable {
    package var reservation: ReservationID
    package var hold: Hold
    /// The subjects it counts on, by `LimitLevel.rawValue`; zero where there is none.
    package var subjects = [4 of SubjectID](repeating: SubjectID(rawValue: 0))
    /// What counts of it: all of it while it is open, and afterwards what its expiry has left.
    package var counted: Amounts
    /// Whether nobody has settled it and its time is not over.
    package var isOpen = true

    package init(reservation: ReservationID, hold: Hold) {
        self.reservation = reservation
        self.hold = hold
        counted = hold.amounts
    }

    /// The hold of a request that is counted now.
    ///
    /// - Parameters:
    ///   - reservation: its name.
    ///   - charge: what it takes.
    ///   - inputTokens: of its tokens, the prompt.
    ///   - price: what the model costs.
    ///   - chain: the meters that it counts on, whose windows are those of the time.
    ///   - now: the time.
    init(
        _ reservation: ReservationID,
        _ charge: Charge,
        inputTokens: UInt64,
        price: ModelPrice?,
        on chain: MeterChain,
        at now: Now
    ) {
        var windows = [4 of WindowIDs](repeating: .none)
        var refills = [4 of UInt64](repeating: 0)
        var subjects = self.subjects
        for level in 0..<MeterChain.levelCount {
            chain.withMeter(level) { meter in
                windows[level] = meter.openWindows()
                refills[level] = meter.rate(.tokensPerMinute)?.refill ?? 0
                subjects[level] = meter.id
            }
        }
        self.subjects = subjects
        self.reservation = reservation
        hold = Hold(
            amounts: charge.amounts,
            inputTokens: inputTokens,
            chargedAt: now,
            windows: windows,
            refills: refills,
            price: price
        )
        counted = charge.amounts
    }

    /// How long a hold can be settled at all after it was charged, in nanoseconds: a day.
    package static let longestWait: Int64 = 86_400 * 1_000_000_000

    /// The key whose request it is.
    package var key: KeyID { KeyID(rawValue: subjects[0].rawValue) }

    package static func == (left: LedgerHold, right: LedgerHold) -> Bool {
        for level in 0..<4 where left.subjects[level] != right.subjects[level] { return false }
        return left.reservation == right.reservation && left.hold == right.hold
            && left.counted == right.counted && left.isOpen == right.isOpen
    }
}

/// What became of a reservation that was settled: what a repeat gets to know.
package struct SettledReservation: Equatable, Sendable {
    package var reservation: ReservationID
    package var cost: Money

    package init(reservation: ReservationID, cost: Money) {
        self.reservation = reservation
        self.cost = cost
    }
}
