import Testing

@testable import TollgateGateway

struct DecimalTextTests {
    @Test(
        "Digits that fit 64 bits are a number, everything else is none",
        arguments: [
            ("0", 0), ("42", 42), ("18446744073709551615", UInt64.max),
            ("18446744073709551616", nil), ("99999999999999999999", nil), ("", nil), ("-1", nil),
            ("1.5", nil), ("1e3", nil), (" 1", nil), ("000000000000000000001", nil),
        ] as [(String, UInt64?)]
    )
    func table(text: String, value: UInt64?) {
        let bytes = Array(text.utf8)
        #expect(DecimalText.value(of: bytes.span) == value)
    }
}
