internal import ArgumentParser
internal import TollgateAdmin

/// How results are printed.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    /// For people.
    case table
    /// For programs: what the API answers, indented.
    case json
}

extension OutputFormat {
    /// Prints a document: as it is, or as the lines that people read.
    ///
    /// - Throws: exit code 1 when it did not get where it was to go.
    func show(
        _ document: JSONValue,
        table: (JSONValue) -> [String]
    ) throws(CommandFailure) {
        switch self {
        case .json: try Terminal.print(document.text(isIndented: true))
        case .table: try Terminal.print(table(document))
        }
    }
}

extension JSONValue {
    /// The value in a cell of a table: nothing for null, lists with commas.
    var cell: String {
        switch self {
        case .null: ""
        case .bool(let flag): flag ? "yes" : "no"
        case .integer(let number): "\(number)"
        case .number(let text), .string(let text): text
        case .array(let elements): elements.map(\.cell).joined(separator: ", ")
        case .object(let members):
            members.map { "\($0.name)=\($0.value.cell)" }.joined(separator: ", ")
        }
    }

    /// The cell of a member.
    func cell(_ name: String) -> String {
        self[name]?.cell ?? ""
    }

    /// The elements, none when this is no array.
    var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    /// The members, none when this is no object.
    var members: [Member] {
        guard case .object(let members) = self else { return [] }
        return members
    }

    /// The string, nil when this is none.
    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
