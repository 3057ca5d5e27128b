/// What a JSON value may be, in the words of JSON Schema 2020-12, which OpenAPI 3.1 uses.
///
/// A schema that has a name is written once, among the components of the document, and referred to
/// everywhere else; each schema carries the named ones that it needs.
struct JSONSchema: Equatable, Sendable {
    private var members: [JSONValue.Member]
    /// The named schemas that this one refers to, by name.
    private(set) var components: [String: JSONValue]

    private init(_ members: [JSONValue.Member], needing parts: [JSONSchema] = []) {
        self.members = members
        components = [:]
        for part in parts { components.merge(part.components) { first, _ in first } }
    }

    /// The schema as it stands where it is used.
    var json: JSONValue { .object(members) }

    // MARK: Values

    /// A text; lengths are in bytes of UTF-8, of which a character has at least one.
    static func text(
        _ lengths: ClosedRange<Int>? = nil,
        format: String? = nil,
        pattern: String? = nil
    ) -> JSONSchema {
        var members = [JSONValue.Member("type", "string")]
        if let format { members.append(.init("format", .string(format))) }
        if let pattern { members.append(.init("pattern", .string(pattern))) }
        if let lengths {
            if lengths.lowerBound > 0 {
                members.append(.init("minLength", .integer(Int64(lengths.lowerBound))))
            }
            members.append(.init("maxLength", .integer(Int64(lengths.upperBound))))
        }
        return JSONSchema(members)
    }

    static let text = text()

    /// A time as RFC 3339 writes it.
    static let time = text(format: "date-time")

    static let flag = JSONSchema([.init("type", "boolean")])

    /// One of several words.
    static func words(_ words: [String]) -> JSONSchema {
        JSONSchema([.init("type", "string"), .init("enum", JSONValue(words))])
    }

    static func whole(_ range: ClosedRange<Int64>) -> JSONSchema {
        JSONSchema([
            .init("type", "integer"), .init("minimum", .integer(range.lowerBound)),
            .init("maximum", .integer(range.upperBound)),
        ])
    }

    /// A whole number that may be negative.
    static let whole = JSONSchema([.init("type", "integer")])

    /// A number with a point, such as an amount of money.
    static let number = JSONSchema([.init("type", "number")])

    /// A number of at least 0, such as a limit in USD.
    static let positive = JSONSchema([.init("type", "number"), .init("minimum", 0)])

    static func list(of element: JSONSchema, limit: Int? = nil) -> JSONSchema {
        var members = [
            JSONValue.Member("type", "array"), JSONValue.Member("items", element.json),
        ]
        if let limit { members.append(.init("maxItems", .integer(Int64(limit)))) }
        return JSONSchema(members, needing: [element])
    }

    static let texts = list(of: text)

    /// Any names, with values of one kind.
    static func map(of value: JSONSchema) -> JSONSchema {
        JSONSchema(
            [.init("type", "object"), .init("additionalProperties", value.json)],
            needing: [value]
        )
    }

    /// An object whose members depend on what it is about.
    static let anyObject = JSONSchema([.init("type", "object")])

    static func any(of alternatives: [JSONSchema]) -> JSONSchema {
        JSONSchema(
            [.init("anyOf", .array(alternatives.map(\.json)))],
            needing: alternatives
        )
    }

    /// A member of an object, as one schema has it.
    struct Member {
        let name: String
        let description: String
        let schema: JSONSchema
        var isRequired = false
    }

    /// An object of these members and no others.
    static func object(_ fields: [Member]) -> JSONSchema {
        var members = [
            JSONValue.Member("type", "object"),
            JSONValue.Member(
                "properties",
                .object(
                    fields.map { field in
                        .init(field.name, field.schema.described(field.description).json)
                    }
                )
            ),
        ]
        let required = fields.filter(\.isRequired).map(\.name)
        if !required.isEmpty { members.append(.init("required", JSONValue(required))) }
        members.append(.init("additionalProperties", false))
        return JSONSchema(members, needing: fields.map(\.schema))
    }

    // MARK: Variations

    /// The same, or null.
    var orNull: JSONSchema {
        var schema = self
        guard let place = members.firstIndex(where: { $0.name == "type" }) else {
            return JSONSchema.any(of: [self, JSONSchema([.init("type", "null")])])
        }
        schema.members[place] = .init("type", .array([members[place].value, "null"]))
        if let place = members.firstIndex(where: { $0.name == "enum" }),
            case .array(let words) = members[place].value
        {
            schema.members[place] = .init("enum", .array(words + [.null]))
        }
        return schema
    }

    /// The same, with a sentence on what it stands for.
    func described(_ text: String) -> JSONSchema {
        guard !text.isEmpty else { return self }
        var schema = self
        schema.members.append(.init("description", .string(text)))
        return schema
    }

    /// The same under a name, by which it is referred to.
    func named(_ name: String) -> JSONSchema {
        var schema = JSONSchema([.init("$ref", .string("#/components/schemas/\(name)"))])
        schema.components = components
        schema.components[name] = json
        return schema
    }

    /// The paths of all members of objects, those of lists' elements as if there were one.
    var paths: [String] { paths(in: json) }

    private func paths(in schema: JSONValue) -> [String] {
        if case .string(let path)? = schema["$ref"], let name = path.split(separator: "/").last {
            return paths(in: components[String(name)] ?? .null)
        }
        if case .array(let alternatives)? = schema["anyOf"] {
            return alternatives.flatMap { paths(in: $0) }
        }
        if let items = schema["items"] { return paths(in: items) }
        guard case .object(let members)? = schema["properties"] else { return [] }
        return members.flatMap { member in
            [member.name] + paths(in: member.value).map { "\(member.name).\($0)" }
        }
    }

    /// The schema itself where this one refers to it by name.
    var resolved: JSONValue {
        guard case .string(let path)? = json["$ref"], let name = path.split(separator: "/").last
        else { return json }
        return components[String(name)] ?? json
    }
}
