internal import TollgateCore

/// What a document says about a field.
enum Field<Value> {
    /// Nothing: the field is not there.
    case absent
    /// `null`: the field is to be empty again.
    case null
    case value(Value)
}

extension Field {
    /// The value that a change sets: that of the field, `empty` for null, nil when it is not there.
    func or(_ empty: @autoclosure () -> Value) -> Value? {
        switch self {
        case .absent: nil
        case .null: empty()
        case .value(let value): value
        }
    }
}

/// Reads the members of an object one by one, by name and type, and refuses what is left over.
///
/// Every refusal is a 400 that names the field by its path in the document.
struct ObjectReader {
    private let path: FieldPath
    private var members: [JSONValue.Member]

    /// Reads an object.
    ///
    /// - Throws: `invalid_field` when the value is anything else.
    init(_ value: JSONValue, at path: FieldPath = FieldPath()) throws(APIError) {
        guard case .object(let members) = value else {
            throw .invalidField(path, "must be an object, not \(value.kind)")
        }
        self.path = path
        self.members = members
    }

    /// Ends the reading.
    ///
    /// - Throws: `unknown_field` with the first member that nobody asked for.
    func finish() throws(APIError) {
        guard let member = members.first else { return }
        throw .unknownField(path.member(member.name))
    }

    /// The path of a member.
    func path(of name: String) -> FieldPath {
        path.member(name)
    }

    /// Whatever is in the field.
    mutating func take(_ name: String) -> Field<JSONValue> {
        guard let place = members.firstIndex(where: { $0.name == name }) else { return .absent }
        let value = members.remove(at: place).value
        return value == .null ? .null : .value(value)
    }

    /// The members that are left, in their order.
    mutating func takeRest() -> [JSONValue.Member] {
        defer { members = [] }
        return members
    }

    mutating func text(_ name: String) throws(APIError) -> Field<String> {
        try read(name) { (value, path) throws(APIError) in try ObjectReader.text(value, at: path) }
    }

    mutating func flag(_ name: String) throws(APIError) -> Field<Bool> {
        try read(name) { (value, path) throws(APIError) in
            guard case .bool(let flag) = value else {
                throw .invalidField(path, "must be true or false, not \(value.kind)")
            }
            return flag
        }
    }

    /// A whole number in a range, however it is written.
    mutating func whole(
        _ name: String,
        in range: ClosedRange<Int64>
    ) throws(APIError) -> Field<Int64> {
        try read(name) { (value, path) throws(APIError) in
            guard let number = value.whole, range.contains(number) else {
                throw .invalidField(
                    path,
                    "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
            return number
        }
    }

    /// A time as RFC 3339 writes it.
    mutating func time(_ name: String) throws(APIError) -> Field<WallTime> {
        try read(name) { (value, path) throws(APIError) in
            guard case .string(let text) = value, let time = Timestamp.time(text) else {
                throw .invalidField(path, "must be a time like 2030-01-31T12:00:00Z")
            }
            return time
        }
    }

    /// A list of strings.
    mutating func texts(_ name: String) throws(APIError) -> Field<[String]> {
        try read(name) { (value, path) throws(APIError) in
            guard case .array(let elements) = value else {
                throw .invalidField(path, "must be an array of strings, not \(value.kind)")
            }
            var texts: [String] = []
            texts.reserveCapacity(elements.count)
            for (index, element) in elements.enumerated() {
                texts.append(try ObjectReader.text(element, at: path.element(index)))
            }
            return texts
        }
    }

    /// An object within this one.
    mutating func object(_ name: String) throws(APIError) -> Field<ObjectReader> {
        try read(name) { (value, path) throws(APIError) in try ObjectReader(value, at: path) }
    }

    private mutating func read<Value>(
        _ name: String,
        _ convert: (JSONValue, FieldPath) throws(APIError) -> Value
    ) throws(APIError) -> Field<Value> {
        switch take(name) {
        case .absent: .absent
        case .null: .null
        case .value(let value): .value(try convert(value, path.member(name)))
        }
    }

    static func text(_ value: JSONValue, at path: FieldPath) throws(APIError) -> String {
        guard case .string(let text) = value else {
            throw .invalidField(path, "must be a string, not \(value.kind)")
        }
        return text
    }
}
