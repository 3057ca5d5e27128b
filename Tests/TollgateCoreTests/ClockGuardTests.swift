internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("The guarded time")
struct ClockGuardTests {
    @Test("is as the tables say")
    func table() throws {
        for name in try CaseFiles.names(in: "Clock", suffix: ".txt") {
            var clocks = Clocks()
            var count = 0
            for (index, line) in try CaseFiles.lines("Clock/\(name)").enumerated() {
                let words = line.split(separator: " ")
                guard let first = words.first, first != "#" else { continue }
                guard first.first != "[" else {
                    clocks = Clocks()
                    continue
                }
                let arrow = try #require(words.firstIndex(of: "=>"))
                try clocks.step(words[..<arrow])
                let expected = words[(arrow + 1)...].joined(separator: " ")
                #expect(clocks.shown == expected, "\(name):\(index + 1)")
                count += 1
            }
            #expect(count >= 30)
        }
    }

    @Test("never goes back and never stands still for long, whatever the clocks do")
    func monotonic() {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var wall = Int64(random.number(in: 0...1 << 60))
            var running = Int64(random.number(in: 0...1 << 60))
            var guarded = ClockGuard(wall: wall, running: running, last: nil)
            var last = guarded.read(wall: wall, running: running)
            for _ in 0..<200 {
                let span = Int64(random.number(in: 0...2_000_000_000_000))
                running += span
                wall += span
                if random.isOnce(in: 5) {
                    wall += Int64(random.number(in: -100_000_000_000_000...100_000_000_000_000))
                }
                let now = guarded.read(wall: wall, running: running)
                let passed = now.wall.milliseconds - last.wall.milliseconds
                #expect(passed >= span / 2_000_000 - 1, "seed \(seed)")
                #expect(now.monotonic.nanoseconds - last.monotonic.nanoseconds == span)
                last = now
                if random.isOnce(in: 20) {
                    running = Int64(random.number(in: 0...1 << 60))
                    guarded = ClockGuard(wall: wall, running: running, last: last)
                    let next = guarded.read(wall: wall, running: running)
                    #expect(next.wall >= last.wall && next.monotonic >= last.monotonic)
                    last = next
                }
            }
        }
    }

    @Test("survives every value of both clocks")
    func extremes() {
        let values: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        for wall in values {
            for running in values {
                let last = Now(
                    wall: WallTime(milliseconds: running),
                    monotonic: MonotonicTime(nanoseconds: wall)
                )
                var guarded = ClockGuard(wall: wall, running: running, last: last)
                var before = guarded.read(wall: wall, running: running)
                for other in values {
                    let now = guarded.read(wall: other, running: other)
                    #expect(now.wall >= before.wall && now.monotonic >= before.monotonic)
                    before = now
                }
            }
        }
    }
}

/// Two clocks behind a guard, both of which start at some time of their own.
private struct Clocks {
    private static let start: Int64 = 1_700_000_000_000_000_000
    private var wall = start
    private var running: Int64 = 12_345
    private var guarded = ClockGuard(wall: start, running: 12_345, last: nil)
    private var now = Now(
        wall: WallTime(milliseconds: start / 1_000_000),
        monotonic: MonotonicTime(nanoseconds: 0)
    )

    /// Lets something happen to the clocks, and reads them.
    mutating func step(_ words: ArraySlice<Substring>) throws {
        switch words.first {
        case "run":
            let span = try span(words.last)
            wall += span
            running += span
        case "set": wall += try span(words.last)
        case "restart":
            running = 77
            guarded = ClockGuard(wall: wall, running: running, last: now)
        default: throw BadTable(place: "Clock", what: "\(words)")
        }
        now = guarded.read(wall: wall, running: running)
    }

    /// What the guard shows since the start, in milliseconds, and whether it believes its clock.
    var shown: String {
        let passed = now.wall.milliseconds - Clocks.start / 1_000_000
        return "\(passed)" + (guarded.isSuspicious ? " suspicious" : "")
    }

    private func span(_ text: Substring?) throws -> Int64 {
        let units = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        let text = text ?? ""
        let unit = text.drop { $0.isNumber || $0 == "-" }
        guard let scale = units[String(unit)], let number = Int64(text.dropLast(unit.count)) else {
            throw BadTable(place: "Clock", what: "no span '\(text)'")
        }
        return number * Int64(scale) * 1_000_000
    }
}
