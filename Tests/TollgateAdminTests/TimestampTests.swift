internal import Testing
internal import TollgateAdmin
internal import TollgateCore

@Suite("Times")
struct TimestampTests {
    @Test(
        "Times are written in UTC and read back",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_896_091_200_123, "2030-01-31T12:00:00.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        ] as [(Int64, String)]
    )
    func both(milliseconds: Int64, text: String) {
        #expect(Timestamp.text(WallTime(milliseconds: milliseconds)) == text)
        #expect(Timestamp.time(text)?.milliseconds == milliseconds)
    }

    @Test("Every day of two centuries is its own inverse")
    func days() {
        for day in Int64(-30_000)...50_000 {
            let time = WallTime(milliseconds: day * 86_400_000)
            #expect(Timestamp.time(Timestamp.text(time)) == time)
        }
    }

    @Test(
        "Offsets and fractions of any length are read",
        arguments: [
            "2030-01-31T13:00:00.1+01:00", "2030-01-31t12:00:00.100999z",
            "2030-01-31 07:00:00.10-05:00",
        ]
    )
    func offsets(text: String) {
        #expect(Timestamp.time(text)?.milliseconds == 1_896_091_200_100)
    }

    @Test(
        "What is no time is refused",
        arguments: [
            "", "2030-01-31", "2030-01-31T12:00:00", "2030-1-31T12:00:00Z", "2030-02-29T00:00:00Z",
            "2030-13-01T00:00:00Z", "2030-00-01T00:00:00Z", "2030-01-00T00:00:00Z",
            "2030-01-31T24:00:00Z", "2030-01-31T12:60:00Z", "2030-01-31T12:00:61Z",
            "2030-01-31T12:00:00.Z", "2030-01-31T12:00:00+1:00", "2030-01-31T12:00:00Z ",
            "-030-01-31T12:00:00Z", "2030-01-31T12:00:00+24:00", "0000-01-01T00:00:00+01:00",
        ]
    )
    func refused(text: String) {
        #expect(Timestamp.time(text) == nil)
    }

    @Test("Times beyond four digits of a year are moved to the nearest that can be written")
    func extremes() {
        #expect(Timestamp.text(WallTime(milliseconds: .max)) == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp.text(WallTime(milliseconds: .min)) == "0000-01-01T00:00:00.000Z")
    }
}
