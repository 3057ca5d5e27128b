/// A page of a list whose store does not have it in the order that is asked for.
///
/// All entries are looked at, and no more of them are kept than the page has.
struct OrderedPage<Entry, Field: SortField> {
    private let order: ListOrder<Field>
    private let last: ListPlace?
    private let limit: Int
    /// In order; one more than the page has, when there are as many.
    private var found: [(place: ListPlace, entry: Entry)] = []

    /// An empty page.
    ///
    /// - Parameters:
    ///   - order: the order of the list.
    ///   - last: where the page before ended; nil for the first.
    ///   - limit: how many entries it has at most.
    init(_ order: ListOrder<Field>, after last: ListPlace?, limit: Int) {
        self.order = order
        self.last = last
        self.limit = limit
    }

    /// Puts an entry in its place, if that is on the page.
    mutating func add(_ entry: Entry, at place: ListPlace) {
        if let last, !isInOrder(last, place) { return }
        var low = 0
        var high = found.count
        while low < high {
            let middle = (low + high) / 2
            if isInOrder(found[middle].place, place) { low = middle + 1 } else { high = middle }
        }
        guard low <= limit else { return }
        found.insert((place, entry), at: low)
        if found.count > limit + 1 { found.removeLast() }
    }

    /// What is on the page, of all that was added.
    var entries: [Entry] { found.prefix(limit).map(\.entry) }

    /// Where the page ends and the next begins; nil at the end of the list.
    var next: ListPlace? { found.count > limit ? found[limit - 1].place : nil }

    private func isInOrder(_ first: ListPlace, _ second: ListPlace) -> Bool {
        order.isDownward ? first > second : first < second
    }
}

/// How many entries are looked at to put them in order.
struct SortingEffort {
    /// How many are read at once.
    static let step = 1000

    /// The most for one page.
    private static let limit = 100_000

    private var count = 0

    /// Notes that an entry was looked at.
    mutating func note() { count += 1 }

    /// Refuses to go on when it was enough.
    ///
    /// - Throws: 422.
    func check() throws(APIError) {
        guard count < SortingEffort.limit else {
            throw .contradiction("sort", "has too many entries to put in order")
        }
    }
}
