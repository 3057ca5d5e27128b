internal import TollgateCore

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

// Cursors: the id, or `name.n12.key_…` and `name.t616263.key_…`, the text in hexadecimal. Callers may
// put them into an address as they are.

extension ListOrder {
    /// The cursor behind a place.
    func cursor(behind place: ListPlace) -> String {
        switch place.value {
        case nil: place.id
        case .number(let number): "\(name).n\(number).\(place.id)"
        case .text(let text): "\(name).t\(Hexadecimal.text(of: text)).\(place.id)"
        }
    }

    /// The place that a cursor of this order is behind; nil when it is none.
    func place(before cursor: String) -> ListPlace? {
        if field == .identity { return ListPlace(nil, cursor) }
        let parts = cursor.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == name, !parts[2].isEmpty else { return nil }
        let value: ListPlace.Value?
        switch parts[1].first {
        case "n": value = Int64(parts[1].dropFirst()).map { .number($0) }
        case "t": value = Hexadecimal.decode(parts[1].dropFirst()).map { .text($0) }
        default: value = nil
        }
        return value.map { ListPlace($0, String(parts[2])) }
    }
}

/// Texts in hexadecimal digits, two for each byte of UTF-8.
private enum Hexadecimal {
    static func text(of text: String) -> String {
        text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The text that was encoded; nil when there is none.
    static func decode(_ digits: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = digits.utf8
        while let first = rest.popFirst() {
            guard
                let second = rest.popFirst(), let high = Text.hexDigit(first),
                let low = Text.hexDigit(second)
            else { return nil }
            bytes.append(UInt8(high) << 4 | UInt8(low))
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
