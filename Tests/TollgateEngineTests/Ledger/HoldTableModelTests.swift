internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

/// The table of holds as arrays that are searched from the start.
private struct NaiveHolds {
    struct Pending {
        var hold: LedgerHold
        /// In which order it is looked at; nil while somebody is about to end it.
        var turn: Int?
        var endingLoop: UInt32?
    }

    var pending: [Pending] = []
    var settled: [(id: ReservationID, cost: Money, loop: UInt32?)] = []
    var turns = 0

    func place(_ id: ReservationID) -> Int? {
        pending.firstIndex { $0.hold.reservation == id }
    }

    mutating func insert(_ hold: LedgerHold) {
        turns += 1
        pending.append(Pending(hold: hold, turn: turns))
    }

    func mayEnd(_ place: Int, by loop: UInt32) -> Bool {
        pending[place].endingLoop == nil || pending[place].endingLoop == loop
    }

    mutating func settle(
        _ id: ReservationID,
        _ cost: Money,
        by loop: UInt32,
        limit: Int
    ) -> LedgerHold? {
        guard let place = place(id), mayEnd(place, by: loop) else { return nil }
        settled.append((id, cost, loop))
        if settled.count > limit { settled.removeFirst() }
        return pending.remove(at: place).hold
    }

    mutating func expire(_ id: ReservationID, _ counted: Amounts, by loop: UInt32) -> LedgerHold? {
        guard let place = place(id), pending[place].hold.isOpen else { return nil }
        let hold = pending[place].hold
        pending[place].hold.isOpen = false
        pending[place].hold.counted = counted
        pending[place].turn = nil
        pending[place].endingLoop = loop
        return hold
    }

    mutating func recorded(_ id: ReservationID) {
        if let place = place(id) { pending[place].endingLoop = nil }
        for index in settled.indices where settled[index].id == id { settled[index].loop = nil }
    }

    mutating func nextOverdue(age: Int64, at now: Int64) -> LedgerHold? {
        let waiting = pending.indices.filter { pending[$0].turn != nil }
        guard let place = waiting.min(by: { pending[$0].turn ?? 0 < pending[$1].turn ?? 0 }) else {
            return nil
        }
        guard now - pending[place].hold.hold.chargedAt.monotonic.nanoseconds >= age else {
            return nil
        }
        pending[place].turn = nil
        return pending[place].hold
    }

    mutating func postpone(_ id: ReservationID) {
        guard let place = place(id), pending[place].hold.isOpen else { return }
        turns += 1
        pending[place].turn = turns
    }
}

@Suite("The holds in memory, beside a naive table")
struct HoldTableModelTests {
    private static let age: Int64 = 50
    private static let settledLimit = 16

    @Test("tell the same after any sequence of calls", arguments: [1, 2, 3, 4] as [UInt64])
    func equalsNaive(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let table = HoldTable(
            age: Self.age,
            pendingLimit: 1 << 20,
            settledLimit: 64 * Self.settledLimit
        )
        var naive = NaiveHolds()
        var count: UInt128 = 0
        for now in 0..<6_000 as Range<Int64> {
            let id = id(UInt128(random.number(in: 1...Int(count + 2))))
            let loop = UInt32(random.number(in: 1...2))
            let time = MonotonicTime(nanoseconds: now)
            switch random.number(in: 0...9) {
            case 0...3:
                count += 1
                let hold = hold(self.id(count), at: now, &random)
                table.insert(hold)
                naive.insert(hold)
            case 4:
                let cost = Money(nanos: now)
                let expected = naive.settle(id, cost, by: loop, limit: Self.settledLimit)
                #expect(table.settle(id, cost: cost, by: loop) == expected)
            case 5:
                let place = naive.place(id)
                #expect(table.withdraw(id) == place.map { naive.pending.remove(at: $0).hold })
            case 6:
                let left = Amounts(requests: 1, tokens: now)
                #expect(
                    table.expire(id, leaving: left, by: loop) == naive.expire(id, left, by: loop)
                )
            case 7:
                table.recorded(id)
                naive.recorded(id)
            case 8:
                table.postpone(id)
                naive.postpone(id)
            default:
                let expected = naive.nextOverdue(age: Self.age, at: now)
                #expect(table.nextOverdue(shard: 0, at: time) == expected)
            }
            #expect(table.pendingCount == naive.pending.count)
            expectSame(table.standing(of: id, for: loop), naive, id, loop)
        }
    }

    private func expectSame(
        _ standing: HoldTable.Standing,
        _ naive: NaiveHolds,
        _ id: ReservationID,
        _ loop: UInt32
    ) {
        let settled = naive.settled.first { $0.id == id }
        switch standing {
        case .pending(let hold):
            #expect(naive.place(id).map { naive.pending[$0].hold } == hold)
        case .ending:
            let isExpiring = naive.place(id).map { !naive.mayEnd($0, by: loop) } ?? false
            #expect(isExpiring || settled?.loop != nil && settled?.loop != loop)
        case .settled(let cost):
            #expect(settled?.cost == cost)
        case .unknown:
            #expect(naive.place(id) == nil && settled == nil)
        }
    }

    /// One of those that are all in one part of the table.
    private func id(_ number: UInt128) -> ReservationID { ReservationID(rawValue: number * 64) }

    private func hold(
        _ id: ReservationID,
        at time: Int64,
        _ random: inout SeededGenerator
    ) -> LedgerHold {
        // Few different windows and prices, which many holds share.
        let number = Int32(random.number(in: 1...3))
        let windows = WindowIDs(hour: number, day: 1, week: 1, month: 1)
        let price = ModelPrice(input: UInt64(number), output: 2, cachedInput: nil)
        var hold = LedgerHold(
            reservation: id,
            hold: Hold(
                amounts: Amounts(requests: 1, tokens: Int64(random.number(in: 1...9)), cost: 9),
                inputTokens: 3,
                chargedAt: Now(
                    wall: WallTime(milliseconds: time),
                    monotonic: MonotonicTime(nanoseconds: time)
                ),
                windows: [4 of WindowIDs](repeating: windows),
                refills: [4 of UInt64](repeating: random.isOnce(in: 2) ? 0 : 60),
                price: random.isOnce(in: 3) ? nil : price
            )
        )
        hold.subjects[0] = SubjectID(rawValue: UInt128(number))
        return hold
    }
}
