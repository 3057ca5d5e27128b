/// Offsets that change on the same two days each year, or never: the footer of a TZif file.
///
/// RFC 8536 section 3.3: the TZ variable of POSIX.1-2017 section 8.3, with times of day from -167
/// to 167 hours.
struct RecurringZone: Equatable, Sendable {
    /// A day of each year, and a time on it in seconds after midnight.
    struct YearDay: Equatable, Sendable {
        /// How the day is told.
        enum Day: Equatable, Sendable {
            /// 1 to 365; 29 February is never counted.
            case withoutLeapDay(Int64)
            /// 0 to 365; 29 February is counted.
            case ordinal(Int64)
            /// A weekday (0 is Sunday) of a month; week 5 is the last that has it.
            case weekday(month: Int64, week: Int64, weekday: Int64)
        }

        let day: Day
        let seconds: Int64

        /// The time it stands for in a year, in seconds since 1970-01-01T00:00:00 on that clock.
        func localSecond(in year: Int64) -> Int64 {
            let newYear = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
            let days =
                switch day {
                case .withoutLeapDay(let day):
                    newYear + day - 1 + (CivilDate.isLeap(year) && day >= 60 ? 1 : 0)
                case .ordinal(let day):
                    newYear + day
                case .weekday(let month, let week, let weekday):
                    YearDay.day(weekday, week, month, year)
                }
            return days * 86_400 + seconds
        }

        private static func day(
            _ weekday: Int64,
            _ week: Int64,
            _ month: Int64,
            _ year: Int64
        ) -> Int64 {
            let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
            let next =
                month == 12
                ? CivilDate(year: year + 1, month: 1, day: 1)
                : CivilDate(year: year, month: month + 1, day: 1)
            // 1970-01-01 was a Thursday.
            let firstWeekday = (first + 4) - (first + 4).floorDivided(by: 7) * 7
            let day = first + (weekday + 7 - firstWeekday) % 7 + (week - 1) * 7
            return day < next.daysSinceEpoch ? day : day - 7
        }
    }

    /// The other offset, and when it begins and ends.
    struct Daylight: Equatable, Sendable {
        let offset: Int64
        /// Told on the standard clock.
        let start: YearDay
        /// Told on the daylight clock.
        let end: YearDay
    }

    let standardOffset: Int64
    let daylight: Daylight?

    /// The segment that a second belongs to; below 2^60 either way.
    func segment(at second: Int64) -> ZoneRules.Segment {
        guard let daylight else { return ZoneRules.Segment(offset: standardOffset, end: nil) }
        let day = (second + standardOffset).floorDivided(by: 86_400)
        let year = CivilDate(daysSinceEpoch: day).year
        var last = (second: Int64.min, offset: standardOffset)
        var end = Int64.max
        // A time of day can be a week before or after its day, hence more than this year's days.
        for year in year - 2...year + 2 {
            // The end comes first: where it meets the next start, daylight time simply goes on.
            for (change, offset) in [
                (daylight.end.localSecond(in: year) - daylight.offset, standardOffset),
                (daylight.start.localSecond(in: year) - standardOffset, daylight.offset),
            ] {
                if change > second {
                    end = min(end, change)
                } else if change > last.second || change == last.second && offset != standardOffset
                {
                    last = (change, offset)
                }
            }
        }
        return ZoneRules.Segment(offset: last.offset, end: end)
    }
}
