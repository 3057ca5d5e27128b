/// Where an entry is in a list: what the list is ordered by, and the entry's id where that is the same.
///
/// A cursor holds all of it. So a page goes on in the right place although the entry before it has
/// changed, or is gone.
struct ListPlace: Comparable {
    /// What a list is ordered by.
    enum Value: Comparable {
        case number(Int64)
        case text(String)
    }

    /// Nil where the order is that of the ids.
    let value: Value?
    let id: String

    init(_ value: Value?, _ id: String) {
        self.value = value
        self.id = id
    }

    static func < (left: ListPlace, right: ListPlace) -> Bool {
        if let first = left.value, let second = right.value, first != second {
            return first < second
        }
        return left.id < right.id
    }
}
