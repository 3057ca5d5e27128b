/// Decimal numbers as JSON writes them, as whole numbers of their smallest part.
///
/// Exact or nothing: an amount of money is never rounded because it went through a text.
package enum FixedPoint {
    /// The longest text that is read, in bytes.
    package static let lengthLimit = 64

    /// The number times ten to the power of `decimals`.
    ///
    /// - Parameters:
    ///   - text: a number as RFC 8259 writes it, `1000.0` or `1e3`.
    ///   - decimals: how many digits behind the point count, 9 for nano-USD; at most 18.
    ///   - roundsUp: whether further digits of a number above zero count as one more of the last.
    /// - Returns: nil when the text is no number, has more such digits, or its value does not fit.
    package static func value(
        _ text: String,
        decimals: Int,
        roundsUp: Bool = false
    ) -> Int64? {
        guard text.utf8.count <= lengthLimit, var number = Decimal(text) else { return nil }
        if number.digits.isEmpty { return 0 }
        number.exponent += decimals
        if number.exponent < 0 {
            guard roundsUp, !number.isNegative else { return nil }
            // The last digit of a number is not zero, so what is dropped is more than nothing.
            number.digits.removeLast(min(-number.exponent, number.digits.count))
            number.exponent = 0
            let floor = value(of: number)
            return floor == .max ? nil : floor.map { $0 + 1 }
        }
        return value(of: number)
    }

    private static func value(of number: Decimal) -> Int64? {
        var value: Int64 = 0
        let zeros = repeatElement(UInt8(0), count: min(number.exponent, lengthLimit))
        for digit in number.digits + zeros {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.subtractingReportingOverflow(Int64(digit))
            if overflow || carry { return nil }
            value = sum
        }
        // Counted below zero, where there is one value more.
        if number.isNegative { return value }
        return value == .min ? nil : -value
    }

    /// The shortest text of a number that was multiplied by ten to the power of `decimals`.
    package static func text(_ value: Int64, decimals: Int) -> String {
        // The digits from the last to the first; zeros at the end of a fraction are not written.
        var rest = value.magnitude
        var digits: [UInt8] = []
        for place in 0..<20 where place <= decimals || rest > 0 {
            if place == decimals, !digits.isEmpty { digits.append(UInt8(ascii: ".")) }
            let digit = UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            if digit == 0, digits.isEmpty, place < decimals { continue }
            digits.append(UInt8(ascii: "0") + digit)
        }
        if value < 0 { digits.append(UInt8(ascii: "-")) }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }

    /// A number taken apart: its digits times a power of ten.
    private struct Decimal {
        let isNegative: Bool
        /// 0 to 9 each; no zero at the beginning nor the end.
        var digits: [UInt8] = []
        var exponent = 0

        init?(_ text: String) {
            var rest = Array(text.utf8)[...]
            isNegative = rest.first == UInt8(ascii: "-")
            if isNegative { rest.removeFirst() }
            let whole = rest.prefix(while: Decimal.isDigit)
            rest = rest.dropFirst(whole.count)
            guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else {
                return nil
            }
            var fraction: ArraySlice<UInt8> = []
            if rest.first == UInt8(ascii: ".") {
                fraction = rest.dropFirst().prefix(while: Decimal.isDigit)
                rest = rest.dropFirst(fraction.count + 1)
                guard !fraction.isEmpty else { return nil }
            }
            guard let power = Decimal.power(rest) else { return nil }
            exponent = power - fraction.count
            digits = (whole + fraction).map { $0 - 0x30 }
            while digits.last == 0 {
                digits.removeLast()
                exponent += 1
            }
            digits = Array(digits.drop { $0 == 0 })
        }

        private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

        /// The number behind an `e`; 0 when nothing is there, nil for anything else.
        private static func power(_ text: ArraySlice<UInt8>) -> Int? {
            guard let first = text.first else { return 0 }
            guard first | 0x20 == UInt8(ascii: "e") else { return nil }
            var digits = text.dropFirst()
            let isNegative = digits.first == UInt8(ascii: "-")
            if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
            guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
            // Further away than any number that fits, whatever its digits.
            let power = digits.reduce(0) { min($0 * 10 + Int($1 - 0x30), 1000) }
            return isNegative ? -power : power
        }
    }
}
