package import TollgateCore

/// One recorded decision, as people and their tools read it.
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
    /// The limit that denied the request.
    package var limit: LimitPlace?
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

/// Which decisions to read.
package struct AuditQuery: Sendable {
    package var keyID: KeyID?
    package var model: String?
    package var reason: Reason?
    /// Only allowed ones, or only denied ones.
    package var isAllowed: Bool?
    /// Not before this time.
    package var since: WallTime?
    /// Before this time.
    package var until: WallTime?
    /// Only records older than this place.
    package var before: AuditPlace?
    /// How many at most.
    package var limit = 100

    package init() {}

    /// Whether an entry is asked for; the cursor and the limit are the reader's business.
    package func wants(_ entry: AuditEntry) -> Bool {
        if let keyID, entry.keyID != keyID { return false }
        if let reason, entry.reason != reason { return false }
        if let isAllowed, (entry.reason == .allowed) != isAllowed { return false }
        if let since, entry.time < since { return false }
        if let until, entry.time >= until { return false }
        if let model, entry[.model] != model { return false }
        return true
    }
}

/// One page of decisions.
package struct AuditPage: Sendable {
    package let entries: [AuditEntry]
    /// From where to go on; nil at the end.
    package let next: AuditPlace?

    package init(entries: [AuditEntry], next: AuditPlace?) {
        self.entries = entries
        self.next = next
    }
}
