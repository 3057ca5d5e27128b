package import TollgateCore

/// Which rows of the audit trail to read.
package struct AuditQuery: Sendable {
    /// What kinds of rows there are.
    package enum Kinds: String, CaseIterable, Sendable {
        case decision
        case management
        case all
    }

    package var kinds = Kinds.decision
    /// The key that was used, or that did it.
    package var keyID: KeyID?
    /// The keys whose rows may be shown; nil for those of all, and rows without a key.
    package var visibleKeys: Set<KeyID>?
    package var model: String?
    package var reason: Reason?
    /// Only allowed ones, or only denied ones.
    package var isAllowed: Bool?
    /// Not before this time.
    package var since: WallTime?
    /// Before this time.
    package var until: WallTime?
    /// Whether the oldest comes first; else the newest.
    package var isOldestFirst = false
    /// Only records behind this place: older ones, or newer ones where the oldest comes first.
    package var cursor: AuditPlace?
    /// The last position to read; nil for all that there is, as the pages come.
    package var last: JournalPosition?
    /// How many at most.
    package var limit = 100

    package init() {}

    /// Whether decisions can be asked for at all.
    package var wantsDecisions: Bool { kinds != .management }

    /// Whether actions of administrators can be asked for; what they do not have excludes them.
    package var wantsActions: Bool {
        kinds != .decision && model == nil && reason == nil && isAllowed == nil
    }

    /// Whether an entry is asked for; the cursor, the end and the limit are the reader's business.
    package func wants(_ entry: AuditEntry) -> Bool {
        guard entry.action == nil ? wantsDecisions : wantsActions else { return false }
        guard wantsKey(entry.keyID) else { return false }
        if entry.action != nil { return wantsTime(entry.time) }
        if let reason, entry.reason != reason { return false }
        if let isAllowed, (entry.reason == .allowed) != isAllowed { return false }
        if let model, entry[.model] != model { return false }
        return wantsTime(entry.time)
    }

    /// Whether a place is behind the cursor, and not behind the end.
    package func reaches(_ place: AuditPlace) -> Bool {
        if let last, place.position > last { return false }
        guard let cursor else { return true }
        return isOldestFirst ? cursor < place : place < cursor
    }

    /// Whether rows of this key are asked for, or without one.
    package func wantsKey(_ key: KeyID?) -> Bool {
        if let keyID, key != keyID { return false }
        guard let visibleKeys else { return true }
        return key.map(visibleKeys.contains) ?? false
    }

    /// Whether rows of this time are asked for.
    package func wantsTime(_ time: WallTime) -> Bool {
        if let since, time < since { return false }
        if let until, time >= until { return false }
        return true
    }
}

/// One page of the audit trail.
package struct AuditPage: Sendable {
    package let entries: [AuditEntry]
    /// From where to go on; nil at the end.
    package let next: AuditPlace?

    package init(entries: [AuditEntry], next: AuditPlace?) {
        self.entries = entries
        self.next = next
    }
}
