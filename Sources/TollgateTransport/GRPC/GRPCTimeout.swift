/// The `grpc-timeout` header: at most eight digits and a unit.
///
/// Source: "gRPC over HTTP/2", `Timeout`.
enum GRPCTimeout {
    /// The timeout in nanoseconds; nil when the text is anything else.
    static func nanoseconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard text.count >= 2, text.count <= 9 else { return nil }
        var value: Int64 = 0
        for index in 0..<(text.count - 1) {
            let digit = text[index]
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        let unit: Int64
        switch text[text.count - 1] {
        case UInt8(ascii: "H"): unit = 3_600_000_000_000
        case UInt8(ascii: "M"): unit = 60_000_000_000
        case UInt8(ascii: "S"): unit = 1_000_000_000
        case UInt8(ascii: "m"): unit = 1_000_000
        case UInt8(ascii: "u"): unit = 1000
        case UInt8(ascii: "n"): unit = 1
        default: return nil
        }
        // 99,999,999 hours are more nanoseconds than 63 bits hold: for ever, then.
        let (product, overflow) = value.multipliedReportingOverflow(by: unit)
        return overflow ? .max : product
    }
}
