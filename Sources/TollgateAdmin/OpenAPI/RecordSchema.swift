/// A field of a record: what callers may send for it, and what they are shown.
struct SchemaField: Sendable {
    /// Whether callers may send the field.
    enum Input: Sendable {
        /// It is only shown.
        case never
        /// Only when the record is created.
        case onCreation
        /// null is refused.
        case filled
        /// null empties the field.
        case clearable
    }

    /// Whether the field is shown.
    enum Output: Sendable {
        case never
        /// In some answers.
        case sometimes
        case always
        /// In every answer, as null when there is none.
        case orNull
    }

    let name: String
    let description: String
    let input: Input
    let output: Output
    let inputSchema: JSONSchema
    let outputSchema: JSONSchema

    /// A field that is sent and shown in the same form.
    init(
        _ name: String,
        _ schema: JSONSchema,
        _ input: Input = .clearable,
        _ output: Output = .always,
        _ description: String = ""
    ) {
        self.init(name, in: schema, out: schema, input, output, description)
    }

    /// A field that is shown otherwise than it is sent.
    init(
        _ name: String,
        in inputSchema: JSONSchema,
        out outputSchema: JSONSchema,
        _ input: Input = .clearable,
        _ output: Output = .always,
        _ description: String = ""
    ) {
        self.name = name
        self.description = description
        self.input = input
        self.output = output
        self.inputSchema = inputSchema
        self.outputSchema = outputSchema
    }

    /// A field with fields of its own, which a change merges into what is there.
    init(
        _ name: String,
        _ record: RecordSchema,
        _ output: Output = .always,
        _ description: String = ""
    ) {
        self.init(name, in: record.change, out: record.answer, .clearable, output, description)
    }
}

/// A record of the API, described once: what creates it, what changes it, what is shown of it.
struct RecordSchema: Sendable {
    /// The name in the document, as callers' code would have it: `Key`.
    let name: String
    let fields: [SchemaField]
    /// The fields without which none is created.
    var needed: [String] = []

    /// The body that creates a record.
    var creation: JSONSchema {
        input(isCreation: true).named("New\(name)")
    }

    /// The body that changes one: what is not there stays as it is (RFC 7396).
    var change: JSONSchema {
        input(isCreation: false).named("\(name)Changes")
    }

    /// The record as answers show it.
    var answer: JSONSchema {
        JSONSchema.object(
            fields.filter { $0.output != .never }.map { field in
                JSONSchema.Member(
                    name: field.name,
                    description: field.description,
                    schema: field.output == .orNull
                        ? field.outputSchema.orNull : field.outputSchema,
                    isRequired: field.output != .sometimes
                )
            }
        ).named(name)
    }

    private func input(isCreation: Bool) -> JSONSchema {
        let taken = fields.filter { field in
            switch field.input {
            case .never: false
            case .onCreation: isCreation
            case .filled, .clearable: true
            }
        }
        return JSONSchema.object(
            taken.map { field in
                JSONSchema.Member(
                    name: field.name,
                    description: field.description,
                    schema: field.input == .clearable
                        ? field.inputSchema.orNull : field.inputSchema,
                    isRequired: isCreation && needed.contains(field.name)
                )
            }
        )
    }
}
