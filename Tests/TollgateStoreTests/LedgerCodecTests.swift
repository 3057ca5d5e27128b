internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@testable internal import TollgateStore

@Suite("Rows of the ledger")
struct LedgerCodecTests {
    private func bytes(of counters: Counters) -> [UInt8] {
        var writer = ByteWriter()
        CountersCodec.write(counters, to: &writer)
        return writer.bytes
    }

    private func bytes(of hold: StoredHold) -> [UInt8] {
        var writer = ByteWriter()
        HoldCodec.write(hold, to: &writer)
        // Behind the length of the entry.
        return Array(writer.bytes.dropFirst(2))
    }

    private static func number(_ random: inout SeededGenerator) -> Int64 {
        let extremes: [Int64] = [0, 1, -1, .min, .max, 63, 64, -64, -65]
        if random.isOnce(in: 3) { return extremes[random.number(in: 0...extremes.count - 1)] }
        return Int64(truncatingIfNeeded: random.next()) >> Int64(random.number(in: 0...63))
    }

    private static func amounts(_ random: inout SeededGenerator) -> Amounts {
        Amounts(requests: number(&random), tokens: number(&random), cost: number(&random))
    }

    static func counters(_ random: inout SeededGenerator) -> Counters {
        var counters = Counters()
        for period in 0..<counters.tallies.count where random.isOnce(in: 2) {
            let id = WindowID(rawValue: number(&random))
            counters.tallies[period] = Counters.Tally(id: id, used: amounts(&random))
        }
        for slot in RateSlot.allCases where random.isOnce(in: 2) {
            let limit = random.next() % Rate.highest + 1
            let rate = Rate(
                limit: limit,
                period: slot.period,
                burst: random.next() % limit + 1,
                isStrict: random.isOnce(in: 2)
            )
            let state = Rate.State(fullAt: random.uint128() >> UInt128(random.number(in: 1...128)))
            let time = MonotonicTime(nanoseconds: number(&random))
            counters[slot] = rate.map {
                Counters.Allowance(rate: $0, state: state, changedAt: time)
            }
        }
        counters.held = amounts(&random)
        counters.openHolds = number(&random)
        if random.isOnce(in: 2) { counters.lastUsedAt = WallTime(milliseconds: number(&random)) }
        return counters
    }

    static func hold(_ random: inout SeededGenerator) -> StoredHold {
        let price = ModelPrice(
            input: random.next() % ModelPrice.limit,
            output: random.next() % ModelPrice.limit,
            cachedInput: random.isOnce(in: 2) ? 3 : nil
        )
        let hold = Hold(
            amounts: amounts(&random),
            inputTokens: random.next(),
            chargedAt: Now(
                wall: WallTime(milliseconds: number(&random)),
                monotonic: MonotonicTime(nanoseconds: number(&random))
            ),
            windows: [4 of WindowIDs](repeating: .none),
            price: random.isOnce(in: 2) ? price : nil
        )
        let id = ReservationID(rawValue: random.uint128())
        var stored = StoredHold(hold: LedgerHold(reservation: id, hold: hold))
        for level in 0..<4 where random.isOnce(in: 2) {
            stored.hold.subjects[level] = SubjectID(rawValue: random.uint128() | 1)
            if random.isOnce(in: 2) { stored.hold.hold.refills[level] = 1 << 53 }
            let hour = Int32(truncatingIfNeeded: random.next())
            stored.hold.hold.windows[level] = WindowIDs(hour: hour, day: 1, week: .min, month: -1)
        }
        if random.isOnce(in: 2) {
            stored.hold.isOpen = false
            stored.hold.counted = amounts(&random)
            stored.expiredAt = WallTime(milliseconds: number(&random))
        }
        return stored
    }

    @Test("give back what was written", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let counters = LedgerCodecTests.counters(&random)
            #expect(try CountersCodec.read(bytes(of: counters).span) == counters)
            let hold = LedgerCodecTests.hold(&random)
            let entry = bytes(of: hold)
            #expect(try HoldCodec.read(entry.span) == hold)
            let outline = try HoldCodec.outline(entry.span)
            #expect(outline.reservation == hold.hold.reservation)
            #expect(outline.isOpen == hold.hold.isOpen)
        }
    }

    @Test("that were never used take a few bytes")
    func small() {
        #expect(bytes(of: Counters()).count == 8)
    }

    /// The earliest time of all, as a compact number.
    private static let never = [UInt8](repeating: 0xFF, count: 9) + [1]

    /// Rows that `write` never writes, and what is wrong with them.
    static let damaged: [(name: String, bytes: [UInt8])] = [
        ("nothing", []),
        ("a version of the future", [2, 0, 0, 0, 0, 0, 0, 0]),
        ("an unknown tally", [1, 0b10_0000, 0, 0, 0, 0, 0, 0]),
        ("a last use without its time", [1, 1 << 7, 0, 0, 0, 0, 0, 0]),
        ("a last use that never was", [1, 1 << 7, 0, 0, 0, 0, 0, 0] + never),
        ("an unknown allowance", [1, 0, 0b1000, 0, 0, 0, 0, 0]),
        ("a strict rate that is not there", [1, 0, 0, 1, 0, 0, 0, 0]),
        ("one byte too few", [1, 0, 0, 0, 0, 0, 0]),
        ("one byte too many", [1, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("a number written longer than it need be", [1, 0, 0, 0, 0x80, 0, 0, 0, 0]),
        ("a number without an end", [1, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 20)),
        ("a number of 65 bits", [1, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 9) + [2, 0, 0, 0]),
        ("a rate of nothing", [1, 0, 1, 0, 0, 1] + [UInt8](repeating: 0, count: 20)),
        ("a burst of nothing", [1, 0, 1, 0, 1, 0] + [UInt8](repeating: 0, count: 20)),
        ("a strict rate below its burst", [1, 0, 1, 1, 1, 2] + [UInt8](repeating: 0, count: 20)),
        (
            "a debt beyond all",
            [1, 0, 1, 0, 1, 1] + [UInt8](repeating: 0xFF, count: 16) + [0, 0, 0, 0]
        ),
    ]

    @Test("that make no sense are damaged", arguments: damaged)
    func damage(name: String, bytes: [UInt8]) {
        #expect(throws: StorageError.self, "\(name)") { try CountersCodec.read(bytes.span) }
    }

    @Test("that are cut, or grow, are damaged, and no change of a byte ends the process")
    func everyByte() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<40 {
            let row = bytes(of: LedgerCodecTests.counters(&random))
            let entry = bytes(of: LedgerCodecTests.hold(&random))
            for length in 0..<row.count {
                let cut = Array(row.prefix(length))
                #expect(throws: StorageError.self) { try CountersCodec.read(cut.span) }
            }
            for length in 0..<entry.count {
                let cut = Array(entry.prefix(length))
                #expect(throws: StorageError.self) { try HoldCodec.read(cut.span) }
            }
            #expect(throws: StorageError.self) { try CountersCodec.read((row + [0]).span) }
            #expect(throws: StorageError.self) { try HoldCodec.read((entry + [0]).span) }
            for place in row.indices {
                var changed = row
                changed[place] ^= UInt8(1 << random.number(in: 0...7))
                if let read = try? CountersCodec.read(changed.span) {
                    #expect(bytes(of: read) == changed, "each row is written in one way only")
                }
            }
            for place in entry.indices {
                var changed = entry
                changed[place] ^= UInt8(1 << random.number(in: 0...7))
                _ = try? HoldCodec.read(changed.span)
            }
        }
    }
}
