internal import Testing

@testable internal import TollgateCore

@Suite("A day of the calendar")
struct CivilDateTests {
    @Test("follows the one before, by the rules that everybody learns")
    func everyDay() {
        var date = CivilDate(year: -800, month: 1, day: 1)
        var days = date.daysSinceEpoch
        while date.year <= 2800 {
            if CivilDate(daysSinceEpoch: days) != date || date.daysSinceEpoch != days {
                Issue.record("\(date) is not \(days)")
                return
            }
            date = Self.dayAfter(date)
            days += 1
        }
    }

    @Test("is counted from 1970")
    func knownDays() {
        #expect(CivilDate(year: 1970, month: 1, day: 1).daysSinceEpoch == 0)
        #expect(CivilDate(year: 1969, month: 12, day: 31).daysSinceEpoch == -1)
        #expect(CivilDate(year: 2000, month: 3, day: 1).daysSinceEpoch == 11_017)
        #expect(CivilDate(year: 2038, month: 1, day: 19).daysSinceEpoch == 24_855)
    }

    @Test("divides downwards, at the ends of the range too")
    func floorDivision() {
        #expect((-1 as Int64).floorDivided(by: 7) == -1)
        #expect((-7 as Int64).floorDivided(by: 7) == -1)
        #expect((-8 as Int64).floorDivided(by: 7) == -2)
        #expect(Int64.min.floorDivided(by: 1) == .min)
        #expect(Int64.min.floorDivided(by: 1000) == -9_223_372_036_854_776)
        #expect(Int64.max.floorDivided(by: 1000) == 9_223_372_036_854_775)
    }

    private static func dayAfter(_ date: CivilDate) -> CivilDate {
        let lengths: [Int64] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        let leapDay: Int64 = CivilDate.isLeap(date.year) && date.month == 2 ? 1 : 0
        if date.day < lengths[Int(date.month) - 1] + leapDay {
            return CivilDate(year: date.year, month: date.month, day: date.day + 1)
        }
        return date.month < 12
            ? CivilDate(year: date.year, month: date.month + 1, day: 1)
            : CivilDate(year: date.year + 1, month: 1, day: 1)
    }
}
