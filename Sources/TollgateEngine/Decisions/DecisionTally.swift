package import TollgateCore

/// How often each reason was given, and what became of reports and holds.
package struct DecisionTally: Sendable {
    /// By `Reason.rawValue`.
    private var counts = [UInt64](repeating: 0, count: 64)
    /// By `SettlementFate.rawValue`.
    private var fates = [8 of UInt64](repeating: 0)

    init() {}

    mutating func count(_ reason: Reason) {
        counts[Int(reason.rawValue) & 63] &+= 1
    }

    mutating func count(_ fate: SettlementFate) {
        fates[fate.rawValue] &+= 1
    }

    mutating func add(_ other: DecisionTally) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
        for index in 0..<fates.count { fates[index] &+= other.fates[index] }
    }

    mutating func reset() {
        for index in counts.indices { counts[index] = 0 }
        fates = [8 of UInt64](repeating: 0)
    }

    /// How often this reason was given.
    package subscript(reason: Reason) -> UInt64 {
        counts[Int(reason.rawValue) & 63]
    }

    /// How often a report or a hold ended so.
    package subscript(fate: SettlementFate) -> UInt64 { fates[fate.rawValue] }
}

/// What became of a report of usage, or of a hold that nobody reported on.
package enum SettlementFate: Int, CaseIterable, Sendable {
    /// It was settled in time.
    case applied
    /// It was settled after it had expired.
    case late
    /// The reservation was settled before.
    case duplicate
    /// There is no such reservation.
    case unknown
    /// Nobody settled it in time.
    case expired
    /// Its answer never left.
    case withdrawn

    init(_ ending: Settlement.Ending) {
        switch ending {
        case .applied: self = .applied
        case .late: self = .late
        case .expired: self = .expired
        case .withdrawn: self = .withdrawn
        }
    }
}
