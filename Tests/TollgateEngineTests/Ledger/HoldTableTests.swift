internal import Testing
internal import TollgateCore

@testable internal import TollgateEngine

@Suite("The holds in memory")
struct HoldTableTests {
    private static let age: Int64 = 900_000_000_000
    private static let cost = Money(nanos: 5)
    private let table = HoldTable(age: age, pendingLimit: 64 * 8, settledLimit: 64 * 8)

    @Test("are found while they expire, but not ended by others before that is in the journal")
    func expiry() throws {
        let hold = hold(1, at: 0)
        table.insert(hold)
        let found = try #require(nextOverdue(at: Self.age))
        #expect(found == hold)
        // Between being found and having expired anybody may settle it.
        #expect(isPending(1, for: 9))
        let left = Amounts(requests: 1, tokens: 3)
        #expect(table.expire(hold.reservation, leaving: left, by: 7) == hold)
        #expect(table.expire(hold.reservation, leaving: .zero, by: 7) == nil)
        #expect(isEnding(1, for: 9))
        #expect(isPending(1, for: 7))
        #expect(table.settle(hold.reservation, cost: Self.cost, by: 9) == nil)
        table.recorded(hold.reservation)
        #expect(isPending(1, for: 9))
        let settled = table.settle(hold.reservation, cost: Self.cost, by: 9)
        #expect(settled?.isOpen == false && settled?.counted == left)
    }

    @Test("are settled once, and others know it when it is in the journal")
    func settling() throws {
        let hold = hold(1, at: 0)
        table.insert(hold)
        #expect(table.settle(hold.reservation, cost: Self.cost, by: 7) == hold)
        #expect(table.settle(hold.reservation, cost: .zero, by: 7) == nil)
        #expect(table.settle(hold.reservation, cost: .zero, by: 9) == nil)
        #expect(isEnding(1, for: 9))
        #expect(isSettled(1, for: 7))
        table.recorded(hold.reservation)
        #expect(isSettled(1, for: 9))
        #expect(table.pendingCount == 0)
    }

    @Test("expire in the order of their age, when their time is over")
    func order() {
        // All in one part of the table.
        for number in 1...5 as ClosedRange<UInt128> {
            table.insert(hold(number * 64, at: Int64(number)))
        }
        _ = table.settle(id(2), cost: .zero, by: 1)
        #expect(nextOverdue(at: Self.age) == nil)
        #expect(nextOverdue(at: Self.age + 3)?.reservation == id(1))
        #expect(nextOverdue(at: Self.age + 3)?.reservation == id(3))
        #expect(nextOverdue(at: Self.age + 3) == nil)
        table.postpone(id(1))
        #expect(nextOverdue(at: Self.age + 5)?.reservation == id(4))
        #expect(nextOverdue(at: Self.age + 5)?.reservation == id(5))
        #expect(nextOverdue(at: Self.age + 5)?.reservation == id(1))
        #expect(nextOverdue(at: .max) == nil)
    }

    @Test("that are too many expire early, and the oldest of those that have are forgotten")
    func crowd() {
        for number in 1...10 as ClosedRange<UInt128> { table.insert(hold(number * 64, at: 0)) }
        for number in 1...2 as ClosedRange<UInt128> {
            #expect(nextOverdue(at: 1)?.reservation == id(number))
            _ = table.expire(id(number), leaving: .zero, by: 1)
        }
        // Expired ones still wait to be settled late, at most a quarter of what there is room for.
        #expect(table.pendingCount == 10)
        #expect(nextOverdue(at: 1)?.reservation == id(3))
        _ = table.expire(id(3), leaving: .zero, by: 1)
        #expect(table.pendingCount == 9)
        #expect(!isPending(64, for: 1))
        #expect(nextOverdue(at: 1)?.reservation == id(4))
        _ = table.expire(id(4), leaving: .zero, by: 1)
        #expect(table.pendingCount == 8)
        #expect(nextOverdue(at: 1) == nil)
    }

    @Test("that are too many expire no more than there are too many, when all are found at once")
    func crowdAtOnce() {
        for number in 1...10 as ClosedRange<UInt128> { table.insert(hold(number * 64, at: 0)) }
        for number in 1...2 as ClosedRange<UInt128> {
            #expect(nextOverdue(at: 1)?.reservation == id(number))
        }
        #expect(nextOverdue(at: 1) == nil)
        table.postpone(id(1))
        #expect(nextOverdue(at: 1)?.reservation == id(3))
        #expect(nextOverdue(at: 1) == nil)
    }

    @Test("that have expired are forgotten after a day")
    func forgetting() {
        table.insert(hold(1, at: 0))
        _ = nextOverdue(at: Self.age)
        _ = table.expire(ReservationID(rawValue: 1), leaving: .zero, by: 1)
        table.recorded(ReservationID(rawValue: 1))
        _ = nextOverdue(at: LedgerHold.longestWait)
        #expect(isPending(1, for: 1))
        _ = nextOverdue(at: LedgerHold.longestWait + 1)
        #expect(!isPending(1, for: 1))
        #expect(table.settle(ReservationID(rawValue: 1), cost: .zero, by: 1) == nil)
    }

    @Test("give the first answer to as many repeats as there is room for")
    func settledLimit() {
        for number in 1...9 as ClosedRange<UInt128> {
            let reservation = ReservationID(rawValue: number * 64)
            table.insert(SettledReservation(reservation: reservation, cost: Self.cost))
        }
        #expect(!isSettled(64, for: 1))
        for number in 2...9 as ClosedRange<UInt128> { #expect(isSettled(number * 64, for: 1)) }
    }

    /// One of those that are all in one part of the table.
    private func id(_ number: UInt128) -> ReservationID { ReservationID(rawValue: number * 64) }

    private func hold(_ number: UInt128, at time: Int64) -> LedgerHold {
        LedgerHold(
            reservation: ReservationID(rawValue: number),
            hold: Hold(
                amounts: Amounts(requests: 1, tokens: 9, cost: 9),
                inputTokens: 0,
                chargedAt: Now(
                    wall: WallTime(milliseconds: 0),
                    monotonic: MonotonicTime(nanoseconds: time)
                ),
                windows: [4 of WindowIDs](repeating: .none),
                price: nil
            )
        )
    }

    private func nextOverdue(at time: Int64) -> LedgerHold? {
        for shard in 0..<table.shardCount {
            let hold = table.nextOverdue(shard: shard, at: MonotonicTime(nanoseconds: time))
            if let hold { return hold }
        }
        return nil
    }

    private func isPending(_ number: UInt128, for loop: UInt32) -> Bool {
        if case .pending = table.standing(of: ReservationID(rawValue: number), for: loop) {
            return true
        }
        return false
    }

    private func isEnding(_ number: UInt128, for loop: UInt32) -> Bool {
        if case .ending = table.standing(of: ReservationID(rawValue: number), for: loop) {
            return true
        }
        return false
    }

    private func isSettled(_ number: UInt128, for loop: UInt32) -> Bool {
        let standing = table.standing(of: ReservationID(rawValue: number), for: loop)
        if case .settled(let cost) = standing { return cost == Self.cost }
        return false
    }
}
