internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("A decimal number")
struct FixedPointTests {
    @Test(
        "is read exactly",
        arguments: [
            ("0", 0), ("-0", 0), ("0.0", 0), ("0e999", 0), ("1", 1_000_000_000),
            ("1.0", 1_000_000_000),
            ("-2.5", -2_500_000_000), ("0.000000001", 1), ("1e-9", 1), ("1E3", 1_000_000_000_000),
            ("1.5e+2", 150_000_000_000), ("1000.000000000000000000", 1_000_000_000_000),
            ("9223372036.854775807", .max), ("-9223372036.854775808", .min),
            ("922337203685477580700e-11", 9_223_372_036_854_775_807),
        ] as [(String, Int64)]
    )
    func reading(_ text: String, _ nanos: Int64) {
        #expect(FixedPoint.value(text, decimals: 9) == nanos)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "e1", "1e1.5", "1 ", " 1", "0x1", "1,5",
            "--1",
            "1.5.5", "inf", "nan", "0.0000000001", "1e-10", "9223372036.854775808",
            "-9223372036.854775809", "1e10", "1e99999999999999999999",
            "1" + String(repeating: "0", count: 64), "0." + String(repeating: "0", count: 64),
        ]
    )
    func refusing(_ text: String) {
        #expect(FixedPoint.value(text, decimals: 9) == nil)
    }

    @Test(
        "is rounded up where that is asked for, and never below zero",
        arguments: [
            ("0.0000001", 1), ("0.0000011", 2), ("0.000001", 1), ("1e-60", 1),
            ("2.9999999", 3_000_000),
            ("1.0000000", 1_000_000), ("-0.0000001", nil), ("-1", -1_000_000),
            ("9223372036854.775807", .max), ("9223372036854.7758071", nil),
        ] as [(String, Int64?)]
    )
    func roundingUp(_ text: String, _ value: Int64?) {
        #expect(FixedPoint.value(text, decimals: 6, roundsUp: true) == value)
    }

    @Test(
        "is written in the shortest way",
        arguments: [
            (0, "0"), (1, "0.000000001"), (-1, "-0.000000001"), (1_000_000_000, "1"),
            (2_500_000_000, "2.5"), (-10_000_000_000, "-10"), (.max, "9223372036.854775807"),
            (.min, "-9223372036.854775808"),
        ] as [(Int64, String)]
    )
    func writing(_ nanos: Int64, _ text: String) {
        #expect(FixedPoint.text(nanos, decimals: 9) == text)
    }

    @Test("comes back as it was written")
    func roundTrip() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<4000 {
            let value = Int64(bitPattern: random.next()) >> Int64(random.number(in: 0...63))
            for decimals in [0, 6, 9, 18] {
                let text = FixedPoint.text(value, decimals: decimals)
                #expect(FixedPoint.value(text, decimals: decimals) == value, "\(text)")
            }
        }
    }
}
