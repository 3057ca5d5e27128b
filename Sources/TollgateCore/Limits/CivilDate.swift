/// A day of the Gregorian calendar, which also counts for the times before it was introduced.
struct CivilDate: Equatable, Sendable {
    let year: Int64
    /// 1 to 12.
    let month: Int64
    /// 1 to 31.
    let day: Int64

    /// The days from 0000-03-01, with which a cycle of 400 years begins, to 1970-01-01.
    private static let epoch: Int64 = 719_468
    private static let daysInCycle: Int64 = 146_097

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day that is so many days after 1970-01-01; any number below 2^60, either way, will do.
    init(daysSinceEpoch days: Int64) {
        // Years that begin in March have their leap day at the end, where it moves no other day.
        let shifted = days + CivilDate.epoch
        let cycle = shifted.floorDivided(by: CivilDate.daysInCycle)
        let dayOfCycle = shifted - cycle * CivilDate.daysInCycle
        let leapDays =
            dayOfCycle / 1460 - dayOfCycle / 36_524 + dayOfCycle / (CivilDate.daysInCycle - 1)
        let yearOfCycle = (dayOfCycle - leapDays) / 365
        let firstDay = 365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100
        let dayOfYear = dayOfCycle - firstDay
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0)
    }

    /// The days from 1970-01-01 to this one; years below 2^50, either way.
    var daysSinceEpoch: Int64 {
        let year = month <= 2 ? year - 1 : year
        let leapDays =
            year.floorDivided(by: 4) - year.floorDivided(by: 100) + year.floorDivided(by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return 365 * year + leapDays + dayOfYear - CivilDate.epoch
    }

    /// Whether a year has a 29 February.
    static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }
}

extension Int64 {
    /// The quotient rounded down, by a divisor above 0.
    func floorDivided(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -1 - (-1 - self) / divisor
    }
}
