internal import TollgateCore
internal import TollgateEngine

/// The keys that a list is made of: those that its viewer sees.
struct SeenKeys {
    let registry: KeyRegistry
    let viewer: Principal

    /// A page of them, the newest first.
    func page(
        after cursor: KeyID?,
        limit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(APIError) -> KeyPage {
        try APIError.translating { () throws(RegistryError) in
            try registry.keys(after: cursor, limit: limit, seenBy: viewer, where: isWanted)
        }
    }
}

/// In which order a list has the keys.
///
/// The store has them by the time of their creation, which is in their ids, and only the newest
/// first can be read off it. Every other order looks at all keys for each page and keeps no more of
/// them than the page has.
enum KeyOrder: String, CaseIterable {
    case newestFirst = "-created_at"
    case oldestFirst = "created_at"
    case name
    case nameDownward = "-name"

    /// The most keys that are put in order.
    private static let countLimit = 100_000
    private static let step = 1000

    /// A page of keys in this order.
    ///
    /// - Parameters:
    ///   - keys: all that there are for the viewer.
    ///   - cursor: the last key of the page before.
    ///   - limit: how many.
    ///   - isWanted: which.
    /// - Returns: the page.
    /// - Throws: 422 when there are more keys to put in order than is done for one page.
    func page(
        of keys: SeenKeys,
        after cursor: KeyID?,
        limit: Int,
        where isWanted: (KeyRecord) -> Bool
    ) throws(APIError) -> KeyPage {
        if self == .newestFirst {
            return try keys.page(after: cursor, limit: limit, where: isWanted)
        }
        var last: KeyRecord?
        if let cursor {
            do { last = try keys.registry.key(cursor, seenBy: keys.viewer) } catch {
                throw .invalidParameter("cursor", "must be a next_cursor of this list")
            }
        }
        let found = try first(limit + 1, behind: last, in: keys, where: isWanted)
        return KeyPage(
            records: Array(found.prefix(limit)),
            next: found.count > limit ? found[limit - 1].id : nil
        )
    }

    /// The first keys in this order that come behind another.
    private func first(
        _ count: Int,
        behind last: KeyRecord?,
        in keys: SeenKeys,
        where isWanted: (KeyRecord) -> Bool
    ) throws(APIError) -> [KeyRecord] {
        var found: [KeyRecord] = []
        var place: KeyID?
        var seen = 0
        repeat {
            let page = try keys.page(after: place, limit: KeyOrder.step) { record in
                seen += 1
                return isWanted(record)
            }
            for record in page.records {
                if let last, !areInOrder(last, record) { continue }
                let index = found.firstIndex { areInOrder(record, $0) } ?? found.count
                if index < count { found.insert(record, at: index) }
                if found.count > count { found.removeLast() }
            }
            place = page.next
            guard place == nil || seen < KeyOrder.countLimit else {
                throw .contradiction("sort", "has too many keys to put in order")
            }
        } while place != nil
        return found
    }

    private func areInOrder(_ first: KeyRecord, _ second: KeyRecord) -> Bool {
        switch self {
        case .newestFirst: first.id.rawValue > second.id.rawValue
        case .oldestFirst: first.id.rawValue < second.id.rawValue
        case .name: (first.name, first.id.rawValue) < (second.name, second.id.rawValue)
        case .nameDownward: (first.name, first.id.rawValue) > (second.name, second.id.rawValue)
        }
    }
}
