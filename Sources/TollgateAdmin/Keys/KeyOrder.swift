internal import TollgateCore
internal import TollgateEngine

/// What a list of keys can be ordered by.
enum KeySortField: String, SortField {
    case createdAt = "created_at"
    case name
    case lastUsedAt = "last_used_at"

    /// Ids begin with the time of creation.
    static let identity = createdAt
}

/// The keys that a list is made of: those that its viewer sees.
struct SeenKeys {
    let services: AdminServices
    let viewer: Principal

    /// A page of them.
    ///
    /// The store has keys by the time of their creation, and only the newest first can be read off it.
    /// Every other order looks at all keys for each page.
    ///
    /// - Parameters:
    ///   - order: in which order.
    ///   - start: where the page before ended; nil for the first.
    ///   - limit: how many.
    ///   - isWanted: which.
    /// - Returns: the keys, and where the next page begins.
    /// - Throws: 422 when there are too many to put in order.
    func page(
        in order: ListOrder<KeySortField>,
        after start: ListPlace?,
        limit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(APIError) -> (records: [KeyRecord], next: ListPlace?) {
        if order == .newestFirst {
            let last = start.flatMap { KeyID($0.id) }
            let page = try newest(after: last, limit: limit, where: isWanted)
            return (page.records, page.next.map { ListPlace(nil, "\($0)") })
        }
        var sorted = OrderedPage<KeyRecord, KeySortField>(order, after: start, limit: limit)
        var effort = SortingEffort()
        var place: KeyID?
        repeat {
            let page = try newest(after: place, limit: SortingEffort.step) { record in
                effort.note()
                return isWanted(record)
            }
            for record in page.records { sorted.add(record, at: try self.place(of: record, order)) }
            place = page.next
            if place != nil { try effort.check() }
        } while place != nil
        return (sorted.entries, sorted.next)
    }

    private func newest(
        after last: KeyID?,
        limit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(APIError) -> KeyPage {
        try APIError.translating { () throws(RegistryError) in
            try services.registry.keys(after: last, limit: limit, seenBy: viewer, where: isWanted)
        }
    }

    /// Where a key is; those that were never used come before all that were.
    private func place(
        of record: KeyRecord,
        _ order: ListOrder<KeySortField>
    ) throws(APIError) -> ListPlace {
        let value: ListPlace.Value?
        switch order.field {
        case .createdAt: value = nil
        case .name: value = .text(record.name)
        case .lastUsedAt:
            value = .number(try services.lastUse(of: record.id)?.milliseconds ?? .min)
        }
        return ListPlace(value, "\(record.id)")
    }
}

extension ListOrder<KeySortField> {
    /// The order of the store.
    static let newestFirst = ListOrder(.createdAt, isDownward: true)
}
