/// The condition `time_between`, compiled: what clocks show in a zone, whatever the offset there.
///
/// An hour that the clocks skip is simply not there, one that they repeat counts twice.
struct DailyHours: Sendable {
    /// In seconds after midnight.
    private let start: Int64
    /// In seconds after midnight; less than `start` when it is on the next day.
    private let end: Int64
    /// The days on which it starts, one bit each from Monday.
    private let days: UInt8
    private let zone: ZoneRules

    init(_ hours: TimeBetween, _ zones: ZoneCatalogue) throws(PolicyProblem) {
        guard let start = ClockText.secondOfDay(hours.start), start < 86_400 else {
            throw PolicyProblem("start", "must be a time of day like 09:00")
        }
        guard let end = ClockText.secondOfDay(hours.end) else {
            throw PolicyProblem("end", "must be a time of day like 17:00, or 24:00")
        }
        guard start != end else {
            throw PolicyProblem("end", "must differ from start; all day is 00:00 to 24:00")
        }
        guard let zone = zones.zone(named: hours.timezone) else {
            throw PolicyProblem("timezone", "must be the name of a time zone like Europe/Berlin")
        }
        self.start = start
        self.end = end
        self.zone = zone
        days = try PolicyProblem.at("days") { () throws(PolicyProblem) in
            try DailyHours.days(hours.days)
        }
    }

    func contains(_ time: WallTime) -> Bool {
        let (day, second) = clock(at: time)
        if start < end { return second >= start && second < end && startsOn(day) }
        return second >= start ? startsOn(day) : second < end && startsOn(day - 1)
    }

    /// What clocks show, for people: `monday 09:30`.
    func localTime(_ time: WallTime) -> String {
        let (day, second) = clock(at: time)
        func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let clock = "\(padded(second / 3600)):\(padded(second / 60 % 60))"
        return "\(DailyHours.weekdays[DailyHours.weekday(of: day)]) \(clock)"
    }

    /// The local date, as days since 1970-01-01, and the second of that day.
    private func clock(at time: WallTime) -> (day: Int64, second: Int64) {
        let local = time.seconds + zone.utcOffset(at: time)
        let day = local.floorDivided(by: 86_400)
        return (day, local - day * 86_400)
    }

    private func startsOn(_ day: Int64) -> Bool {
        days & 1 << UInt8(DailyHours.weekday(of: day)) != 0
    }

    /// 0 for Monday.
    private static func weekday(of day: Int64) -> Int {
        // 1970-01-01 was a Thursday.
        Int((day + 3) - (day + 3).floorDivided(by: 7) * 7)
    }

    private static let weekdays = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ]

    private static func days(_ names: [String]?) throws(PolicyProblem) -> UInt8 {
        guard let names else { return 0b111_1111 }
        guard (1...7).contains(names.count) else {
            throw PolicyProblem("", "must have 1 to 7 entries")
        }
        var days: UInt8 = 0
        for (index, name) in names.enumerated() {
            let name = name.lowercased()
            guard let day = weekdays.firstIndex(where: { $0 == name || $0.prefix(3) == name })
            else { throw PolicyProblem("[\(index)]", "must be a day like mon or monday") }
            days |= 1 << UInt8(day)
        }
        return days
    }
}

/// The condition `date_between`, compiled: from one instant up to another.
///
/// A day begins with the first instant at which clocks show its date.
struct DateRange: Sendable {
    private let start: WallTime
    /// The first instant that is no longer part of it.
    private let end: WallTime

    init(_ dates: DateBetween, _ zones: ZoneCatalogue) throws(PolicyProblem) {
        guard let zone = zones.zone(named: dates.timezone ?? "UTC") else {
            throw PolicyProblem("timezone", "must be the name of a time zone like Europe/Berlin")
        }
        let form = "must be a date like 2030-01-31, or a time like 2030-01-31T12:00:00Z"
        guard let start = ClockText.moment(dates.start) else {
            throw PolicyProblem("start", form)
        }
        guard let end = ClockText.moment(dates.end) else { throw PolicyProblem("end", form) }
        self.start = DateRange.instant(start, in: zone, daysLater: 0)
        self.end = DateRange.instant(end, in: zone, daysLater: 1)
        guard self.start < self.end else { throw PolicyProblem("end", "must be after start") }
    }

    func contains(_ time: WallTime) -> Bool {
        start <= time && time < end
    }

    private static func instant(
        _ moment: ClockText.Moment,
        in zone: ZoneRules,
        daysLater: Int64
    ) -> WallTime {
        switch moment {
        case .day(let day):
            WallTime(clampingSeconds: zone.firstSecond(reaching: (day + daysLater) * 86_400))
        case .time(let time): time
        }
    }
}
