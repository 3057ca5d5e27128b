package import TollgateCore

/// Times as RFC 3339 writes them.
package enum Timestamp {
    private static let millisecondsPerDay: Int64 = 86_400_000
    /// 0000-01-01T00:00:00Z and the last millisecond of 9999: what four digits of a year can say.
    private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// The time in UTC with milliseconds: `2030-01-31T12:00:00.000Z`.
    ///
    /// Times that four digits of a year cannot say are moved to the nearest that they can.
    package static func text(_ time: WallTime) -> String {
        let milliseconds = min(max(time.milliseconds, range.lowerBound), range.upperBound)
        let clock = milliseconds - floor(milliseconds) * millisecondsPerDay
        let (year, month, day) = date(ofDay: floor(milliseconds))
        let parts: [7 of (number: Int64, width: Int, end: Unicode.Scalar)] = [
            (year, 4, "-"), (month, 2, "-"), (day, 2, "T"), (clock / 3_600_000, 2, ":"),
            (clock / 60_000 % 60, 2, ":"), (clock / 1000 % 60, 2, "."), (clock % 1000, 3, "Z"),
        ]
        return String(unsafeUninitializedCapacity: 24) { text in
            var place = 0
            for index in parts.indices {
                var rest = parts[index].number
                for digit in (place..<place + parts[index].width).reversed() {
                    text[digit] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
                place += parts[index].width + 1
                text[place - 1] = UInt8(ascii: parts[index].end)
            }
            return place
        }
    }

    /// The time that a text names, with any offset from UTC; nil when it is not RFC 3339.
    ///
    /// Digits behind the millisecond are dropped; a leap second is the second after it.
    package static func time(_ text: String) -> WallTime? {
        var scanner = Scanner(text)
        guard
            let year = scanner.number(4), scanner.skip("-"),
            let month = scanner.number(2), scanner.skip("-"),
            let day = scanner.number(2),
            scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.number(2), scanner.skip(":"),
            let minute = scanner.number(2), scanner.skip(":"),
            let second = scanner.number(2),
            let fraction = scanner.fraction(),
            let offset = scanner.offset(), scanner.isAtEnd,
            (1...12).contains(month), day >= 1, day <= dayCount(month, year),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }
        let seconds = hour * 3600 + minute * 60 + second - offset * 60
        let time = self.day(year, month, day) * millisecondsPerDay + seconds * 1000 + fraction
        return range.contains(time) ? WallTime(milliseconds: time) : nil
    }

    private static func floor(_ milliseconds: Int64) -> Int64 {
        let days = milliseconds / millisecondsPerDay
        return milliseconds % millisecondsPerDay < 0 ? days - 1 : days
    }

    private static func dayCount(_ month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 of a date in the Gregorian calendar.
    ///
    /// Years begin in March here, so that the leap day is the last and months follow a formula; an
    /// era is the 400 years, 146,097 days, after which the calendar repeats.
    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date of a day since 1970-01-01: the inverse of `day`.
    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let place = (5 * dayOfYear + 2) / 153
        let month = place < 10 ? place + 3 : place - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * place + 2) / 5 + 1)
    }
}

/// Walks over the characters of a time.
private struct Scanner {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) {
        // No time is that long; an empty one is refused by the first digit.
        bytes = text.utf8.count <= 64 ? Array(text.utf8) : []
    }

    var isAtEnd: Bool { index == bytes.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    /// A number of exactly so many digits.
    mutating func number(_ width: Int) -> Int64? {
        var number: Int64 = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    /// The milliseconds behind a point, 0 when there is no point.
    mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        var milliseconds: Int64 = 0
        var unit: Int64 = 100
        guard let first = digit() else { return nil }
        milliseconds = first * unit
        while let digit = digit() {
            unit /= 10
            milliseconds += digit * unit
        }
        return milliseconds
    }

    /// The offset from UTC in minutes.
    mutating func offset() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        let isNegative = skip("-")
        guard
            isNegative || skip("+"),
            let hours = number(2), hours <= 23, skip(":"),
            let minutes = number(2), minutes <= 59
        else { return nil }
        return (hours * 60 + minutes) * (isNegative ? -1 : 1)
    }

    private mutating func digit() -> Int64? {
        guard index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 else { return nil }
        defer { index += 1 }
        return Int64(bytes[index]) - 0x30
    }
}
