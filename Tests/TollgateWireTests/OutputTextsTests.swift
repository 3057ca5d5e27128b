import Testing
import TollgateCore

@testable import TollgateWire

@Suite("Texts that answers are full of")
struct OutputTextsTests {
    private func written(_ body: (inout OutputBuffer) -> Void) -> String {
        var output = OutputBuffer(capacity: 1)
        body(&output)
        return text(output.bytes)
    }

    @Test(
        "Money is written exactly, and with no digit too many",
        arguments: [
            (0, "0"), (1, "0.000000001"), (-1, "-0.000000001"), (1_000_000_000, "1"),
            (10_350_000_000, "10.35"), (-10_350_000_000, "-10.35"), (100, "0.0000001"),
            (999_999_999, "0.999999999"), (1_000_000_001, "1.000000001"),
            (.max, "9223372036.854775807"), (.min, "-9223372036.854775808"),
        ] as [(Int64, String)]
    )
    func money(nanos: Int64, expected: String) {
        #expect(written { $0.append(Money(nanos: nanos)) } == expected)
    }

    @Test(
        "Numbers are written as they are",
        arguments: [0, 1, -1, 10, -10, 99, .max, .min] as [Int64]
    )
    func decimals(value: Int64) {
        #expect(written { $0.appendDecimal(signed: value) } == "\(value)")
        let magnitude = value.magnitude
        #expect(written { $0.appendDecimal(magnitude) } == "\(magnitude)")
    }
}
