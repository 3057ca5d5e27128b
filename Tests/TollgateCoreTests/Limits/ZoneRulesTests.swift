internal import Testing
internal import TollgateTesting

@testable internal import TollgateCore

@Suite("The rules of a time zone")
struct ZoneRulesTests {
    @Test("say what Python's zoneinfo says, on both sides of each change")
    func offsets() throws {
        let year: Int64 = 366 * 86_400
        let rows = try ZoneCases.rows("offsets.tsv", columns: 3)
        for (name, rows) in Dictionary(grouping: rows, by: { $0[0] }) {
            let zone = try ZoneCases.zone(name)
            var last = (second: Int64.min / 2, offset: Int64.min)
            for row in rows {
                let time = try ZoneCases.time(row[1])
                let offset = try #require(Int64(row[2]))
                #expect(zone.utcOffset(at: time) == offset, "\(row)")
                if offset != last.offset {
                    let end = zone.segment(at: time.seconds - 1).end
                    #expect(last.second != time.seconds - 1 || end == time.seconds, "\(row)")
                } else if time.seconds - last.second < year {
                    let middle = WallTime(clampingSeconds: (time.seconds + last.second) / 2)
                    #expect(zone.utcOffset(at: middle) == offset, "before \(row)")
                }
                last = (time.seconds, offset)
            }
        }
    }

    @Test("do not depend on the fraction of a second, before 1970 either")
    func fractions() throws {
        let zone = try ZoneCases.zone("Pacific/Kwajalein")
        let change = try ZoneCases.time("1969-09-30T13:00:00Z").milliseconds
        #expect(zone.utcOffset(at: WallTime(milliseconds: change - 1)) == 39_600)
        #expect(zone.utcOffset(at: WallTime(milliseconds: change)) == -43_200)
    }

    @Test("can be read of every file of the system's database")
    func systemZones() throws {
        for (name, bytes) in try ZoneCases.systemZones() {
            #expect(throws: Never.self, "\(name)") { try ZoneRules(tzif: bytes) }
        }
    }

    @Test("of UTC stay at zero")
    func utc() {
        for milliseconds in [Int64.min, -1, 0, .max] {
            #expect(ZoneRules.utc.utcOffset(at: WallTime(milliseconds: milliseconds)) == 0)
        }
    }

    @Test("say something at any time that there is", arguments: ["Berlin", "Asia/Gaza", "South"])
    func extremes(_ name: String) throws {
        let zone = try ZoneCases.zone(name)
        for milliseconds in [Int64.min, .min + 1, -1, .max - 1, .max] {
            let time = WallTime(milliseconds: milliseconds)
            #expect(ZoneRules.offsets.contains(zone.utcOffset(at: time)))
            for period in CalendarPeriod.allCases {
                let window = zone.window(period, at: time)
                #expect(window.start <= time && time <= window.end)
            }
        }
    }

    @Test("refuse a file that is cut off anywhere, or goes on after its end")
    func truncation() throws {
        let bytes = try ZoneCases.bytes("Asia/Kathmandu")
        for count in 0..<bytes.count {
            #expect(throws: ZoneProblem.self) { try ZoneRules(tzif: Array(bytes.prefix(count))) }
        }
        #expect(throws: ZoneProblem.footer) { try ZoneRules(tzif: bytes + [0]) }
        #expect(throws: ZoneProblem.footer) { try ZoneRules(tzif: bytes + [0x0A]) }
    }

    @Test("are read or refused, whatever the bytes")
    func damage() throws {
        let files = try ["Asia/Kathmandu", "Berlin", "LeapDay"].map { try ZoneCases.bytes($0) }
        var random = SeededGenerator(seed: 5)
        var refused = 0
        for _ in 0..<4000 {
            var bytes = files[random.number(in: 0...files.count - 1)]
            for _ in 0..<random.number(in: 1...4) {
                bytes[random.number(in: 0...bytes.count - 1)] = random.bytes(1)[0]
            }
            guard let zone = try? ZoneRules(tzif: bytes) else {
                refused += 1
                continue
            }
            let time = WallTime(milliseconds: Int64(bitPattern: random.next()))
            let window = zone.window(.day, at: time)
            #expect(window.start <= time && time <= window.end)
        }
        #expect(refused > 1000)
    }

    @Test("refuse what would be wrong to use")
    func problems() throws {
        let good = try ZoneCases.bytes("Berlin")
        let header = 44 + 6 + 4
        func expect(_ problem: ZoneProblem, _ change: (inout [UInt8]) -> Void) {
            var bytes = good
            change(&bytes)
            #expect(throws: problem) { try ZoneRules(tzif: bytes) }
        }
        expect(.length) { $0 += [UInt8](repeating: 0, count: ZoneRules.lengthLimit) }
        expect(.format) { $0[0] = 0 }
        expect(.format) { $0[4] = 0 }
        expect(.format) { $0[header + 4] = 0x31 }
        expect(.leapSeconds) { $0[header + 31] = 1 }
        expect(.length) { $0[header + 32] = 0xFF }
        expect(.length) { $0[header + 39] = 0 }
        expect(.offset) { $0[header + 44] = 1 }
        expect(.footer) { $0[$0.count - 1] = 0x20 }
    }

    @Test("refuse times that do not ascend or lead nowhere")
    func badTransitions() throws {
        let bytes = try ZoneCases.file(footer: "AAA0")
        let header = 44 + 6 + 4
        func file(_ times: [UInt8], _ types: [UInt8]) -> [UInt8] {
            var file = bytes
            file[header + 35] = UInt8(times.count)
            let body = times.flatMap { [0, 0, 0, 0, 0, 0, 0, $0] as [UInt8] } + types
            file.insert(contentsOf: body, at: header + 44)
            return file
        }
        #expect(throws: Never.self) { try ZoneRules(tzif: file([1, 2], [0, 0])) }
        #expect(throws: ZoneProblem.transitions) { try ZoneRules(tzif: file([2, 1], [0, 0])) }
        #expect(throws: ZoneProblem.transitions) { try ZoneRules(tzif: file([1, 1], [0, 0])) }
        #expect(throws: ZoneProblem.transitions) { try ZoneRules(tzif: file([1, 2], [0, 1])) }
    }

    @Test(
        "refuse a TZ string that is not one",
        arguments: [
            "A0", "AA0", "AAA", "AAA25", "AAA+", "AAA-", "AAA0:60", "AAA0:0:60", "AAA0:", "<AAA0",
            "<AA>0", "A1A0", "<A_A>0", "AAA0BBB", "AAA0BBB,", "AAA0BBB,J1", "AAA0BBB,J1,",
            "AAA0BBB,J0,J1", "AAA0BBB,J366,J1", "AAA0BBB,366,1", "AAA0BBB,M0.1.0,J1",
            "AAA0BBB,M13.1.0,J1", "AAA0BBB,M1.0.0,J1", "AAA0BBB,M1.6.0,J1", "AAA0BBB,M1.1.7,J1",
            "AAA0BBB,M1.1,J1", "AAA0BBB,J1/168,J2", "AAA0BBB,J1/,J2", "AAA0BBB,J1,J2,J3",
            "AAA0BBB25,J1,J2", "AAA0 BBB,J1,J2", ":UTC", "AAA0000", "AAA99999999999999999999",
        ]
    )
    func badFooter(_ footer: String) throws {
        let bytes = try ZoneCases.file(footer: footer)
        #expect(throws: ZoneProblem.footer) { try ZoneRules(tzif: bytes) }
    }

    @Test("without a TZ string stay as they were last")
    func emptyFooter() throws {
        let zone = try ZoneRules(tzif: ZoneCases.file(footer: ""))
        #expect(zone.utcOffset(at: WallTime(milliseconds: .max)) == 0)
    }
}
