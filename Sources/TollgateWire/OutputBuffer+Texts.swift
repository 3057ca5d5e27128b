package import TollgateCore

/// Texts that answers are full of, written without making a `String`.
extension OutputBuffer {
    /// Writes a number in decimal.
    package mutating func appendDecimal(_ value: UInt64) {
        // From the last digit on: a division by ten that the compiler knows of is a multiplication.
        var digits = [20 of UInt8](repeating: UInt8(ascii: "0"))
        var start = digits.count
        var rest = value
        repeat {
            start -= 1
            digits[start] += UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        append(digits.span.extracting(start..<digits.count))
    }

    /// Writes a number in decimal, with a `-` before one below zero.
    package mutating func appendDecimal(signed value: Int64) {
        if value < 0 { append("-") }
        appendDecimal(value.magnitude)
    }

    /// Writes an amount of US dollars in decimal: exact, with no more digits than it takes.
    package mutating func append(_ money: Money) {
        if money.nanos < 0 { append("-") }
        let (dollars, nanos) = money.nanos.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        appendDecimal(dollars)
        guard nanos > 0 else { return }
        append(".")
        var rest = nanos
        var unit: UInt64 = 100_000_000
        while rest > 0 {
            append(UInt8(truncatingIfNeeded: rest / unit) + UInt8(ascii: "0"))
            rest %= unit
            unit /= 10
        }
    }

    /// Writes a key's id as `KeyID.description` would.
    package mutating func append(_ id: KeyID) {
        append("key_")
        appendBase32(id.rawValue)
    }

    /// Writes a reservation's id as `ReservationID.description` would: nothing for `.none`.
    package mutating func append(_ id: ReservationID) {
        if id == .none { return }
        append("rs_")
        appendBase32(id.rawValue)
    }

    private mutating func appendBase32(_ value: UInt128) {
        let characters = Base32.characters(of: value)
        append(characters.span)
    }
}
