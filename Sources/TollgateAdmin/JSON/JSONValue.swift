/// A JSON value (RFC 8259) whose members keep the order in which they were written.
///
/// Order is what makes an answer readable: an id comes first because the code puts it first.
package enum JSONValue: Equatable, Sendable {
    /// A name and a value of an object.
    package struct Member: Equatable, Sendable {
        package let name: String
        package let value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    case null
    case bool(Bool)
    case integer(Int64)
    /// Any other number, as it was written: nothing is rounded that nobody asked to round.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// A number of something; above what 64 signed bits hold, it is written out all the same.
    package init(_ count: UInt64) {
        self = Int64(exactly: count).map { .integer($0) } ?? .number("\(count)")
    }

    /// The string, or null.
    package init(_ text: String?) {
        self = text.map { .string($0) } ?? .null
    }

    /// The strings, as an array.
    package init(_ texts: [String]) {
        self = .array(texts.map { .string($0) })
    }

    /// The value of a member; nil when there is none or this is no object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// What kind of value this is, as a person would say it.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension [JSONValue.Member] {
    /// Appends members, in the order in which they are written.
    mutating func append(_ members: KeyValuePairs<String, JSONValue>) {
        for (name, value) in members { append(JSONValue.Member(name, value)) }
    }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral
{
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }

    package init(stringLiteral text: String) {
        self = .string(text)
    }

    package init(booleanLiteral flag: Bool) {
        self = .bool(flag)
    }

    package init(integerLiteral number: Int64) {
        self = .integer(number)
    }
}
