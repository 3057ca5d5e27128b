internal import TollgateCore
internal import TollgateEngine

/// What a list of organisations, teams or users can be ordered by.
enum GroupSortField: String, SortField {
    case id
    case name
    case createdAt = "created_at"

    static let identity = id

    /// Where a group is.
    func place(of record: GroupRecord) -> ListPlace {
        let value: ListPlace.Value? =
            switch self {
            case .id: nil
            case .name: .text(record.name)
            case .createdAt: .number(record.createdAt.milliseconds)
            }
        return ListPlace(value, record.id.name)
    }
}

/// The groups that a list is made of: those of one kind that its viewer sees.
struct SeenGroups {
    let registry: GroupRegistry
    let kind: GroupKind
    let viewer: Principal

    /// A page of them.
    ///
    /// The store has groups by their ids. Every other order looks at all of them for each page.
    ///
    /// - Parameters:
    ///   - order: in which order.
    ///   - start: where the page before ended; nil for the first.
    ///   - limit: how many.
    ///   - isWanted: which.
    /// - Returns: the groups, and where the next page begins.
    /// - Throws: 422 when there are too many to put in order.
    func page(
        in order: ListOrder<GroupSortField>,
        after start: ListPlace?,
        limit: Int,
        where isWanted: (GroupRecord) -> Bool
    ) throws(APIError) -> (records: [GroupRecord], next: ListPlace?) {
        if order == ListOrder() {
            let page = try stored(after: start?.id, limit: limit, where: isWanted)
            return (page.records, page.next.map { ListPlace(nil, $0) })
        }
        var sorted = OrderedPage<GroupRecord, GroupSortField>(order, after: start, limit: limit)
        var effort = SortingEffort()
        var place: String?
        repeat {
            let page = try stored(after: place, limit: SortingEffort.step) { record in
                effort.note()
                return isWanted(record)
            }
            for record in page.records { sorted.add(record, at: order.field.place(of: record)) }
            place = page.next
            if place != nil { try effort.check() }
        } while place != nil
        return (sorted.entries, sorted.next)
    }

    private func stored(
        after name: String?,
        limit: Int,
        where isWanted: (GroupRecord) -> Bool
    ) throws(APIError) -> GroupPage {
        try APIError.translating(about: kind.noun) { () throws(RegistryError) in
            try registry.groups(kind, after: name, limit: limit, seenBy: viewer, where: isWanted)
        }
    }
}
