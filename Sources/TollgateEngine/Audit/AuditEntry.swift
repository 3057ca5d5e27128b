package import TollgateCore

/// One row of the audit trail, as people and their tools read it: a decision, several alike of
/// strangers, or what an administrator did.
package struct AuditEntry: Equatable, Sendable {
    /// A key and a value that the caller attached.
    package struct Pair: Equatable, Sendable {
        package let key: String
        package let value: String

        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// Which limit of which subject.
    package struct LimitPlace: Equatable, Sendable {
        package let name: LimitName
        package let level: LimitLevel

        package init(name: LimitName, level: LimitLevel) {
            self.name = name
            self.level = level
        }
    }

    /// Requests that were denied alike, for none of them has a key that is known.
    package struct Crowd: Equatable, Sendable {
        package let count: UInt64
        /// When the first and the last of them came.
        package let first: WallTime
        package let last: WallTime
        /// Whether they came from more sources than are told apart.
        package let isMixed: Bool

        package init(count: UInt64, first: WallTime, last: WallTime, isMixed: Bool) {
            self.count = count
            self.first = first
            self.last = last
            self.isMixed = isMixed
        }
    }

    package let place: AuditPlace
    package let time: WallTime
    package let reason: Reason
    package var keyID: KeyID?
    package var reservation = ReservationID.none
    package var clientIP: IPAddress?
    package var tokens: UInt64 = 0
    package var inputTokens: UInt64 = 0
    package var metadata: [Pair] = []
    /// What was reserved, the most that the request could cost.
    package var reservedCost = Money.zero
    /// Why an allowed request would have been denied, were its key's rules enforced.
    package var monitored = Reason.allowed
    /// Whether the request was unlike what its key is used for.
    package var isUnusual = false
    /// The content rules of its key that were found in it, a bit for each, denied or not.
    package var found: UInt64 = 0
    /// The limit that denied the request.
    package var limit: LimitPlace?
    /// How the request ended and what it used; nil while it is open, and for all but allowed ones.
    package var ending: RequestEnding?
    /// What its report says was billed; nil when that is what was asked for, or not known.
    package var billed: BilledService?
    /// How many requests the row stands for, and when; nil for a decision that has a row of its own.
    package var crowd: Crowd?
    /// What an administrator did; nil for decisions, which have all the rest.
    package var action: ManagementAction?
    private var texts = [String](repeating: "", count: CheckRequest.Field.allCases.count)

    package init(place: AuditPlace, time: WallTime, reason: Reason) {
        self.place = place
        self.time = time
        self.reason = reason
    }

    /// What the request said in a field, empty when nothing.
    package subscript(field: CheckRequest.Field) -> String {
        get { texts[Int(field.rawValue)] }
        set { texts[Int(field.rawValue)] = newValue }
    }
}

extension AuditEntry {
    /// The content rules that were found, by their places in the key's list from 1 on.
    package var foundRules: [Int] {
        (0..<UInt64.bitWidth).filter { found >> UInt64($0) & 1 == 1 }.map { $0 + 1 }
    }

    /// What became of an allowed request.
    package enum Outcome: String, CaseIterable, Sendable {
        /// Nobody has reported yet what it used.
        case open
        /// It was settled in time.
        case settled
        /// It was settled after its hold had expired.
        case late
        /// Its hold has expired, and nobody has settled it since.
        case expired
        /// It was reported as cancelled.
        case cancelled
        /// Its answer never left, so there was no request.
        case withdrawn
    }

    /// What became of the request; nil unless it was allowed.
    package var outcome: Outcome? {
        guard reservation != .none, action == nil else { return nil }
        switch ending?.ending {
        case nil: return .open
        case .applied: return ending?.isCancelled == true ? .cancelled : .settled
        case .late: return .late
        case .expired: return .expired
        case .withdrawn: return .withdrawn
        }
    }
}

/// Where a record is in the journal: its block, and which of the block's records it is.
///
/// Places grow with time, so a place is also the cursor of a list.
package struct AuditPlace: Comparable, Hashable, Sendable {
    package let position: JournalPosition
    package let index: UInt32

    package init(position: JournalPosition, index: UInt32) {
        self.position = position
        self.index = index
    }

    package static func < (left: AuditPlace, right: AuditPlace) -> Bool {
        (left.position, left.index) < (right.position, right.index)
    }
}
