/// How long a window of the calendar is.
package enum CalendarPeriod: UInt8, CaseIterable, Sendable {
    case hour
    case day
    /// From Monday, as ISO 8601 counts.
    case week
    case month
    /// One window for all time.
    case total
}

/// The name of a window among those of the same period and zone; a later one has a greater name.
///
/// Told by the local date, not by an instant: when a time zone's rules change, the window's ends
/// move, but it stays the same window.
package struct WindowID: Comparable, Hashable, Sendable {
    /// Local hours, days, weeks or months since the one that holds 1970-01-01T00:00:00.
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    package static func < (left: WindowID, right: WindowID) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// A period of the calendar in one time zone, and when it begins and ends.
///
/// It begins with the first instant whose local time lies in it: an hour or a day that the clocks
/// skip has no such instant, and clocks that are set back do not return to the window before. Hence
/// an hour that clocks show twice is one window of two hours.
package struct CalendarWindow: Equatable, Sendable {
    package let period: CalendarPeriod
    package let id: WindowID
    /// The first instant of the window; `WallTime` of `Int64.min` for the total.
    package let start: WallTime
    /// The first instant after it; `WallTime` of `Int64.max` for the total.
    package let end: WallTime

    /// Whether an instant lies in the window.
    package func contains(_ time: WallTime) -> Bool {
        start <= time && time < end
    }
}

extension ZoneRules {
    /// The window that counts now.
    ///
    /// - Parameters:
    ///   - period: how long the windows are.
    ///   - time: now.
    ///   - highest: the last window that was in use, nil when none was. An earlier one is never
    ///     opened again, whatever the clock or the zone's rules say.
    /// - Returns: the window of `time`, or that of `highest`, whichever is later.
    package func window(
        _ period: CalendarPeriod,
        at time: WallTime,
        notBefore highest: WindowID? = nil
    ) -> CalendarWindow {
        let id = period.id(atLocal: highestLocalTime(upTo: time.seconds))
        return window(period, max(id, highest ?? id))
    }

    /// The window of a name.
    package func window(_ period: CalendarPeriod, _ id: WindowID) -> CalendarWindow {
        guard period != .total else {
            return CalendarWindow(
                period: period,
                id: WindowID(rawValue: 0),
                start: WallTime(milliseconds: .min),
                end: WallTime(milliseconds: .max)
            )
        }
        let next = WindowID(rawValue: id.rawValue == .max ? .max : id.rawValue + 1)
        return CalendarWindow(
            period: period,
            id: id,
            start: WallTime(clampingSeconds: firstSecond(reaching: period.localStart(of: id))),
            end: WallTime(clampingSeconds: firstSecond(reaching: period.localStart(of: next)))
        )
    }
}

extension CalendarPeriod {
    /// The most that a name counts for, either way: beyond what any wall clock can show.
    private static let highest: Int64 = 1 << 42

    /// The window whose local times include this one, in seconds since 1970-01-01T00:00:00.
    fileprivate func id(atLocal second: Int64) -> WindowID {
        let day = second.floorDivided(by: 86_400)
        let rawValue: Int64 =
            switch self {
            case .hour: second.floorDivided(by: 3600)
            case .day: day
            case .week: CalendarPeriod.week(of: day)
            case .month: CalendarPeriod.month(of: day)
            case .total: 0
            }
        return WindowID(rawValue: rawValue)
    }

    /// The local time with which a window begins, in seconds since 1970-01-01T00:00:00.
    fileprivate func localStart(of id: WindowID) -> Int64 {
        let number = min(max(id.rawValue, -CalendarPeriod.highest), CalendarPeriod.highest)
        switch self {
        case .hour: return number * 3600
        case .day: return CalendarPeriod.second(ofDay: number)
        // 1970-01-01 was a Thursday.
        case .week: return CalendarPeriod.second(ofDay: number * 7 - 3)
        case .month:
            let year = number.floorDivided(by: 12)
            let month = number - year * 12 + 1
            let first = CivilDate(year: 1970 + year, month: month, day: 1)
            return CalendarPeriod.second(ofDay: first.daysSinceEpoch)
        case .total: return 0
        }
    }

    private static func week(of day: Int64) -> Int64 {
        (day + 3).floorDivided(by: 7)
    }

    private static func month(of day: Int64) -> Int64 {
        let date = CivilDate(daysSinceEpoch: day)
        return (date.year - 1970) * 12 + date.month - 1
    }

    private static func second(ofDay day: Int64) -> Int64 {
        // A month of the highest name would otherwise be too far away to be told in seconds.
        min(max(day, -highest), highest) * 86_400
    }
}
