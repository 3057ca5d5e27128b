internal import TollgateCore

/// What the entries of a list can be put in order by: names of fields.
protocol SortField: CaseIterable, Equatable, RawRepresentable, Sendable where RawValue == String {
    /// The field whose order is that of the entries' ids.
    static var identity: Self { get }
}

/// In which order a list is: by a field of its entries, and by their ids where that is the same.
struct ListOrder<Field: SortField>: Equatable, Sendable {
    let field: Field
    let isDownward: Bool

    init(_ field: Field = .identity, isDownward: Bool = false) {
        self.field = field
        self.isDownward = isDownward
    }

    /// The order that a parameter names: a field, with `-` before it for downwards; nil for none.
    init?(_ name: String) {
        isDownward = name.hasPrefix("-")
        guard let field = Field(rawValue: String(isDownward ? name.dropFirst() : name[...])) else {
            return nil
        }
        self.field = field
    }

    /// What `sort` says to get it.
    var name: String { (isDownward ? "-" : "") + field.rawValue }

    /// All that `sort` may say.
    static var names: [String] { Field.allCases.flatMap { [$0.rawValue, "-" + $0.rawValue] } }

    /// The cursors of a list in this order.
    func cursors(of path: String) -> ListCursors { ListCursors(of: path, in: name) }

    /// The parameter that says it.
    ///
    /// - Parameter usual: the order when nothing is said, as a sentence without its dot.
    /// - Returns: the parameter.
    static func parameter(usually usual: String) -> OperationShape.Parameter {
        .init(
            "sort",
            .words(names),
            "By what; - before it: downwards. \(usual) when it is not said."
        )
    }
}

extension QueryReader {
    /// The order that is asked for.
    mutating func order<Field>(
        else usual: ListOrder<Field> = ListOrder()
    ) throws(APIError) -> ListOrder<Field> {
        let names = ListOrder<Field>.names.joined(separator: ", ")
        return try value("sort", "must be one of \(names)") { ListOrder($0) } ?? usual
    }
}
