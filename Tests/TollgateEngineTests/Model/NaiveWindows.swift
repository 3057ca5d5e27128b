internal import Foundation
internal import TollgateCore

/// The windows of the calendar as Foundation's calendar tells local dates.
///
/// For zones whose clocks are never set back over midnight or over a full hour's beginning.
final class NaiveWindows {
    private struct Place: Hashable {
        let name: Int
        let period: CalendarPeriod
        let zone: String
    }

    /// The ends that were found so far.
    private var ends: [Place: Int64] = [:]
    private let zones: [String: ZoneRules]
    private let calendar: Calendar

    init(zones: [String: ZoneRules]) {
        self.zones = zones
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        self.calendar = calendar
    }

    /// The digits of the local date (of the Monday, for weeks) and hour with which a window begins.
    func name(_ period: CalendarPeriod, in zone: String, at time: WallTime) -> Int {
        guard period != .total else { return 0 }
        let offset = zones[zone]?.utcOffset(at: time) ?? 0
        let local = Double(time.milliseconds) / 1000 + Double(offset)
        var date = Date(timeIntervalSince1970: local)
        if period == .week {
            let weekday = calendar.component(.weekday, from: date)
            date -= Double((weekday + 5) % 7) * 86_400
        }
        let parts = calendar.dateComponents([.year, .month, .day, .hour], from: date)
        let month = (parts.year ?? 0) * 100 + (parts.month ?? 0)
        let day = month * 100 + (parts.day ?? 0)
        switch period {
        case .hour: return day * 100 + (parts.hour ?? 0)
        case .month: return month
        default: return day
        }
    }

    /// The first millisecond, not before a time, at which a later window than the named one counts.
    func end(of name: Int, _ period: CalendarPeriod, in zone: String, after time: WallTime) -> Int64
    {
        let place = Place(name: name, period: period, zone: zone)
        if let end = ends[place] { return end }
        var low = time.milliseconds
        var high = low + 70 * 86_400_000
        while low < high {
            let middle = (low + high) / 2
            let isLater = self.name(period, in: zone, at: WallTime(milliseconds: middle)) > name
            if isLater { high = middle } else { low = middle + 1 }
        }
        ends[place] = low
        return low
    }
}
