internal import HTTPTypes

/// The description of the whole API as OpenAPI 3.1 has it, made from the table of operations.
///
/// Source: https://spec.openapis.org/oas/v3.1.1.html
enum OpenAPIDocument {
    /// Describes operations.
    ///
    /// - Parameters:
    ///   - operations: what the router answers.
    ///   - version: that of the program.
    /// - Returns: the document.
    static func json(
        of operations: [any DocumentedOperation.Type],
        version: String
    ) -> JSONValue {
        var paths: [(path: String, methods: [JSONValue.Member])] = []
        var components: [String: JSONValue] = ErrorSchema.error.components
        for operation in operations {
            guard let shape = operation.shape else { continue }
            let member = JSONValue.Member(
                operation.method.rawValue.lowercased(),
                OperationDescription(operation: operation, shape: shape).json
            )
            if let place = paths.firstIndex(where: { $0.path == operation.path }) {
                paths[place].methods.append(member)
            } else {
                paths.append((operation.path, [member]))
            }
            let replies = [shape.reply, shape.otherwise?.reply]
            for schema in [shape.body] + replies + shape.parameters.map(\.schema) {
                components.merge(schema?.components ?? [:]) { first, _ in first }
            }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Tollgate management API",
                "version": .string(version),
                "description": .string(introduction),
                "license": ["name": "Apache 2.0", "identifier": "Apache-2.0"],
            ],
            "servers": .array([["url": "/"]]),
            "security": .array([["bearer": .array([])], ["header": .array([])]]),
            "paths": .object(paths.map { .init($0.path, .object($0.methods)) }),
            "components": [
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer"],
                    "header": ["type": "apiKey", "in": "header", "name": "x-api-key"],
                ],
                "schemas": .object(
                    components.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }
                ),
            ],
        ]
    }

    /// What holds for all operations, in a paragraph.
    static let introduction = """
        Times are RFC 3339, money is in USD. Unknown fields and parameters are refused, never \
        ignored. PATCH merges: a field that is not there stays as it is, null empties it. Lists \
        come in pages. Whoever changes what another may have changed sends the entity tag it has \
        seen as If-Match. Whoever may have to repeat a POST gives it an Idempotency-Key.
        """
}

/// What refusals look like.
enum ErrorSchema {
    static let error = JSONSchema.object([
        .init(
            name: "error",
            description: "",
            schema: problem,
            isRequired: true
        )
    ]).named("Error")

    /// Why something was refused.
    static let problem = JSONSchema.object([
        .init(name: "code", description: "Stable.", schema: .text, isRequired: true),
        .init(
            name: "message",
            description: "One sentence for a person.",
            schema: .text,
            isRequired: true
        ),
        .init(
            name: "field",
            description: "The field, parameter or header at fault, by its path.",
            schema: .text
        ),
    ])
}
