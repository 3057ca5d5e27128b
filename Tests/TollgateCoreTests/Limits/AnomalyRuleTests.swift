internal import Foundation
internal import Testing
internal import TollgateTesting

@testable internal import TollgateCore

@Suite("What is unusual for a key")
struct AnomalyRuleTests {
    @Test("is as the table says")
    func table() throws {
        var history = try History()
        var count = 0
        for (index, line) in try CaseFiles.lines("Limits/anomalies.txt").enumerated() {
            let words = line.split(separator: " ")
            guard let first = words.first, first != "#" else { continue }
            switch first {
            case "factor:": history = try History(factor: #require(Int64(words[1])))
            case "made:": history = try History(madeAt: time(words[1]))
            case "use":
                let amounts = try Amounts(
                    requests: #require(Int64(words[2])),
                    tokens: #require(Int64(words[3]))
                )
                history.use(amounts, at: try time(words[1]))
            case "ask":
                let tokens = try #require(UInt64(words[2]))
                let isUnusual = history.isUnusual(tokens: tokens, at: try time(words[1]))
                let found = isUnusual ? "unusual" : "usual"
                #expect(words.last == Substring(found), "anomalies.txt:\(index + 1)")
                count += 1
            default: history = try History()
            }
        }
        #expect(count >= 15)
    }

    @Test("is what a list of everything that was used says, whatever that is")
    func model() throws {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let start = History.monday + Int64(random.number(in: 0...40 * 86_400)) * 1000
            let factor = Int64(random.number(in: 2...30))
            let history = try History(madeAt: start, factor: factor)
            var list: [(at: Int64, used: Amounts)] = []
            var now = start
            for _ in 0..<60 {
                let hours = random.isOnce(in: 8) ? 200 : 3
                now += Int64(random.number(in: 0...hours * 3_600_000))
                let amounts = Amounts(
                    requests: Int64(random.number(in: 0...300)),
                    tokens: Int64(random.number(in: 0...200_000))
                )
                history.use(amounts, at: now)
                list.append((now, amounts))
                let tokens = UInt64(random.number(in: 0...50_000))
                let asked = Amounts(requests: 1, tokens: Int64(tokens))
                let expected = naiveIsUnusual(asked, at: now, after: list, since: start, factor)
                #expect(history.isUnusual(tokens: tokens, at: now) == expected, "seed \(seed)")
            }
        }
    }

    @Test("survives what no counter should hold")
    func extremes() throws {
        for amount in [Int64.min, -1, 0, .max] {
            let history = try History(madeAt: .min, factor: 1000)
            history.use(Amounts(requests: amount, tokens: amount), at: History.monday)
            _ = history.isUnusual(tokens: 1 << 40, at: History.monday)
            _ = history.isUnusual(tokens: 1 << 40, at: History.monday + 40 * 86_400_000)
        }
    }

    private func time(_ text: Substring) throws -> Int64 {
        let date = try Date("\(text):00Z", strategy: .iso8601)
        return Int64(date.timeIntervalSince1970) * 1000
    }
}

/// A key in UTC, and what was used with it.
private struct History {
    /// 2029-01-01, in milliseconds.
    static let monday: Int64 = 1_861_920_000_000

    private let meter: Meter
    private let rule: AnomalyRule

    init(madeAt start: Int64 = monday, factor: Int64 = 10) throws {
        var record = KeyRecord(
            id: KeyID(rawValue: 1),
            name: "key",
            createdAt: WallTime(milliseconds: start)
        )
        var anomaly = KeyNotices.Anomaly()
        anomaly.isEnabled = true
        anomaly.factor = factor
        record.notices.anomaly = anomaly
        rule = try #require(AnomalyRule(record))
        meter = Meter(id: SubjectID(record.id), level: .key, rules: .none, counters: Counters())
    }

    func use(_ amounts: Amounts, at time: Int64) {
        meter.rollWindows(to: WallTime(milliseconds: time))
        meter.counters.count(amounts, in: meter.windows)
    }

    func isUnusual(tokens: UInt64, at time: Int64) -> Bool {
        meter.rollWindows(to: WallTime(milliseconds: time))
        return meter.isUnusual(Charge(tokens: tokens, cost: .zero), by: rule)
    }
}

/// The same from a list of everything: slow, and easy to believe.
private func naiveIsUnusual(
    _ asked: Amounts,
    at now: Int64,
    after list: [(at: Int64, used: Amounts)],
    since start: Int64,
    _ factor: Int64
) -> Bool {
    let hour: Int64 = 3_600_000
    let hourStart = now / hour * hour
    let week = 7 * 24 * hour
    let weekStart = History.monday + (now - History.monday) / week * week
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let date = Date(timeIntervalSince1970: Double(now / 1000))
    let month = calendar.dateInterval(of: .month, for: date)?.start ?? date
    let starts = [weekStart, Int64(month.timeIntervalSince1970) * 1000, start]
    func isUnusual(_ metered: Metered, _ harmless: Int64) -> Bool {
        func sum(from first: Int64, to end: Int64) -> Int64 {
            list.filter { $0.at >= first && $0.at < end }.reduce(0) { $0 + $1.used[metered] }
        }
        let amount = sum(from: hourStart, to: .max) + asked[metered]
        let usual = starts.compactMap { first -> (used: Int64, hours: Int64)? in
            let hours = (hourStart - max(first, start)) / hour
            return hours < 24 ? nil : (sum(from: first, to: hourStart), hours)
        }
        guard amount > harmless, !usual.isEmpty else { return false }
        return usual.allSatisfy { amount * $0.hours > factor * $0.used }
    }
    return isUnusual(.requests, 100) || isUnusual(.tokens, 100_000)
}
