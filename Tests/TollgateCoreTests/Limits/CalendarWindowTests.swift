internal import Testing
internal import TollgateTesting

@testable internal import TollgateCore

@Suite("A window of the calendar")
struct CalendarWindowTests {
    private static let periods: [Substring: CalendarPeriod] = [
        "hour": .hour, "day": .day, "week": .week, "month": .month,
    ]

    @Test("is the one that a look at the clocks each minute finds")
    func table() throws {
        for row in try ZoneCases.rows("windows.tsv", columns: 6) {
            let zone = try ZoneCases.zone(row[0])
            let period = try #require(Self.periods[row[1]])
            let time = try ZoneCases.time(row[2])
            let window = zone.window(period, at: time)
            #expect(window.period == period)
            #expect(window.id.rawValue == Int64(row[3]), "\(row)")
            #expect(window.start == (try ZoneCases.time(row[4])), "\(row)")
            let end = try ZoneCases.time(row[5]).milliseconds + 1000
            #expect(window.end == WallTime(milliseconds: end), "\(row)")
            #expect(window.contains(time))
            #expect(!window.contains(window.end))
        }
    }

    @Test("follows the one before without a gap, in every zone", arguments: CalendarPeriod.allCases)
    func partition(_ period: CalendarPeriod) throws {
        guard period != .total else { return }
        var random = SeededGenerator(seed: 3)
        var zones = try ["Asia/Gaza", "Pacific/Apia", "AlwaysDaylight"].map {
            (name: $0, bytes: try ZoneCases.bytes($0))
        }
        zones += try ZoneCases.systemZones()
        for (name, bytes) in zones {
            let zone = try ZoneRules(tzif: bytes)
            for _ in 0..<5 {
                let time = WallTime(
                    milliseconds: .random(
                        in: -4_000_000_000_000...5_000_000_000_000,
                        using: &random
                    )
                )
                let window = zone.window(period, at: time)
                #expect(window.contains(time), "\(name)")
                #expect(zone.window(period, at: window.start) == window, "\(name)")
                let last = WallTime(milliseconds: window.end.milliseconds - 1)
                #expect(zone.window(period, at: last) == window, "\(name)")
                let next = zone.window(period, at: window.end)
                #expect(next.start == window.end && next.id > window.id, "\(name)")
            }
        }
    }

    @Test("has no instants when the clocks skip it")
    func skippedDay() throws {
        let zone = try ZoneCases.zone("Pacific/Apia")
        let before = zone.window(.day, at: try ZoneCases.time("2011-12-30T09:59:59Z"))
        let after = zone.window(.day, at: try ZoneCases.time("2011-12-30T10:00:00Z"))
        #expect(after.id.rawValue == before.id.rawValue + 2)
        let skipped = zone.window(.day, WindowID(rawValue: before.id.rawValue + 1))
        #expect(skipped.start == before.end && skipped.end == after.start)
        #expect(!skipped.contains(skipped.start))
    }

    @Test("is never opened again, however far the clock goes back")
    func neverReopened() throws {
        let zone = try ZoneCases.zone("America/New_York")
        let now = try ZoneCases.time("2024-03-01T05:00:00Z")
        let hourAgo = WallTime(milliseconds: now.milliseconds - 3_600_000)
        for period in CalendarPeriod.allCases where period != .week && period != .total {
            let current = zone.window(period, at: now)
            #expect(zone.window(period, at: hourAgo).id < current.id)
            #expect(zone.window(period, at: hourAgo, notBefore: current.id) == current)
            #expect(zone.window(period, at: now, notBefore: current.id) == current)
            let dayLater = WallTime(milliseconds: now.milliseconds + 25 * 3_600_000)
            let later = zone.window(period, at: dayLater, notBefore: current.id)
            #expect(later == zone.window(period, at: dayLater))
        }
    }

    @Test("stays the same window in a zone whose clocks are set back over midnight")
    func overlapAtMidnight() throws {
        let zone = try ZoneCases.zone("America/St_Johns")
        var highest: WindowID?
        let start = try ZoneCases.time("2006-10-28T00:00:00Z").milliseconds
        for minute in 0..<Int64(3 * 24 * 60) {
            let time = WallTime(milliseconds: start + minute * 60_000)
            let id = zone.window(.day, at: time).id
            #expect(id >= highest ?? id)
            highest = id
        }
    }

    @Test("of all time has no end")
    func total() {
        for milliseconds in [Int64.min, 0, .max] {
            let window = ZoneRules.utc.window(.total, at: WallTime(milliseconds: milliseconds))
            #expect(window.id.rawValue == 0)
            #expect(window.start.milliseconds == .min)
            #expect(window.end.milliseconds == .max)
        }
    }

    @Test("can have any name that was kept", arguments: CalendarPeriod.allCases)
    func anyName(_ period: CalendarPeriod) throws {
        let zone = try ZoneCases.zone("Berlin")
        for rawValue in [Int64.min, .min + 1, 1 << 42, .max - 1, .max] {
            let window = zone.window(period, WindowID(rawValue: rawValue))
            #expect(window.start <= window.end)
        }
    }
}
