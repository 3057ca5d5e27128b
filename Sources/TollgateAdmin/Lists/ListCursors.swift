internal import TollgateCore
internal import TollgateEngine

/// The cursors of one list in one order: what a page says of where the next one begins.
///
/// A cursor is `value.id.seal`: what the list is ordered by, `n12` or `t616263` (nothing where the
/// order is that of the ids), the id of the last entry, texts in hexadecimal, and a seal over both,
/// the list and its order. So what is cut off, changed, or of another list or order is no cursor of
/// this one. It permits nothing: whoever makes a seal that is right is shown what they may see, from
/// there on. Callers may put a cursor into an address as it is.
struct ListCursors: Sendable {
    /// The most bytes of a cursor: several times what the longest name and id come to.
    private static let lengthLimit = 4096

    private let list: String
    private let order: String

    /// The cursors of a list.
    ///
    /// - Parameters:
    ///   - path: that of the list, with what stands for `{id}` in it.
    ///   - order: the name of its order; nothing where there is but one.
    init(of path: String, in order: String = "") {
        list = path
        self.order = order
    }

    /// The cursor behind a place.
    func text(behind place: ListPlace) -> String {
        let value =
            switch place.value {
            case nil: ""
            case .number(let number): "n\(number)"
            case .text(let text): "t\(Hexadecimal.text(of: text))"
            }
        let head = "\(value).\(Hexadecimal.text(of: place.id))"
        var seal = ContentHash()
        for text in [list, order, head] { seal.add(text) }
        return "\(head).\(String(seal.value, radix: 16))"
    }

    /// The `next_cursor` of a page; null at the end.
    func json(behind place: ListPlace?) -> JSONValue {
        JSONValue(place.map { text(behind: $0) })
    }

    /// The place that a cursor is behind; nil when it is none of this list in this order.
    func place(in cursor: String) -> ListPlace? {
        guard cursor.utf8.count <= ListCursors.lengthLimit else { return nil }
        let parts = cursor.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let id = Hexadecimal.decode(parts[1]) else { return nil }
        let value: ListPlace.Value?
        switch parts[0].first {
        case "n": value = Int64(parts[0].dropFirst()).map { .number($0) }
        case "t": value = Hexadecimal.decode(parts[0].dropFirst()).map { .text($0) }
        default: value = nil
        }
        let place = ListPlace(value, id)
        // What is not as we would write it was not written by us.
        return text(behind: place).utf8.elementsEqual(cursor.utf8) ? place : nil
    }
}

extension QueryReader {
    /// Where the page begins that is asked for; nil for the first.
    ///
    /// - Parameters:
    ///   - cursors: those of the list.
    ///   - read: the place as the list needs it; nil when no entry can be there.
    /// - Returns: the place behind which it begins.
    /// - Throws: 400 for a cursor that this list has not given out.
    mutating func start<Place>(
        in cursors: ListCursors,
        _ read: (ListPlace) -> Place?
    ) throws(APIError) -> Place? {
        try value("cursor", "must be a next_cursor of this list") { text in
            cursors.place(in: text).flatMap(read)
        }
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
