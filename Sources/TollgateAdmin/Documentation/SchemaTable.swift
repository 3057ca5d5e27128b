/// A schema as a table of its fields.
enum SchemaTable {
    /// The table of an object, or a line for anything else.
    static func html(_ schema: JSONValue) -> HTMLText {
        guard case .object(let fields)? = schema["properties"] else {
            return "<p>\(type(of: schema))</p>"
        }
        if fields.isEmpty { return "<p>An empty object.</p>" }
        let rows: [HTMLText] = fields.map { field in
            """
            <tr><td><code>\(field.name)</code>\(isRequired(field.name, schema) ? " *" : "")</td>
            <td>\(type(of: field.value))</td><td>\(text(field.value["description"]))</td></tr>
            """
        }
        return "<table>\(rows)</table>"
    }

    /// What a value may be, in a few words, with a link where that has a name.
    static func type(of schema: JSONValue) -> HTMLText {
        if let name = reference(schema) { return "<a href=\"#schema-\(name)\">\(name)</a>" }
        if case .array(let alternatives)? = schema["anyOf"] {
            return joined(alternatives.map(type), " or ")
        }
        if case .array(let words)? = schema["enum"] {
            return joined(words.map { "<code>\($0.text())</code>" }, ", ")
        }
        if let items = schema["items"] { return "list of \(type(of: items))" }
        if let values = schema["additionalProperties"], case .object = values {
            return "names with \(type(of: values))"
        }
        if case .object(let fields)? = schema["properties"] {
            return "object: \(fields.map(\.name).joined(separator: ", "))"
        }
        if let format = schema["format"] { return "\(text(format))\(orNull(schema))" }
        return "\(words(schema["type"]).joined(separator: " or "))"
    }

    private static func isRequired(_ name: String, _ schema: JSONValue) -> Bool {
        guard case .array(let names)? = schema["required"] else { return false }
        return names.contains(.string(name))
    }

    private static func orNull(_ schema: JSONValue) -> String {
        words(schema["type"]).contains("null") ? " or null" : ""
    }

    private static func words(_ type: JSONValue?) -> [String] {
        switch type {
        case .string(let word): [word]
        case .array(let words): words.map(text)
        default: ["anything"]
        }
    }

    private static func reference(_ schema: JSONValue) -> String? {
        guard case .string(let path)? = schema["$ref"] else { return nil }
        return path.split(separator: "/").last.map(String.init)
    }

    private static func text(_ value: JSONValue?) -> String {
        guard case .string(let text)? = value else { return "" }
        return text
    }

    private static func joined(_ parts: [HTMLText], _ separator: HTMLText) -> HTMLText {
        HTMLText(
            joining: parts.enumerated().flatMap {
                $0.offset == 0 ? [$0.element] : [separator, $0.element]
            }
        )
    }
}
