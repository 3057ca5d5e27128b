internal import HTTPTypes

/// What an operation takes and answers, beside its path: the source of its documentation.
struct OperationShape: Sendable {
    /// A parameter of the query or a header.
    struct Parameter: Sendable {
        let name: String
        let schema: JSONSchema
        let description: String
        var isHeader = false
        /// Whether only HTTP has it: what it asks for cannot be said in a message.
        var isHTTPOnly = false

        init(_ name: String, _ schema: JSONSchema, _ description: String) {
            self.name = name
            self.schema = schema
            self.description = description
        }

        /// A header of the request.
        static func header(
            _ name: String,
            _ schema: JSONSchema,
            _ description: String
        ) -> Parameter {
            var parameter = Parameter(name, schema, description)
            parameter.isHeader = true
            return parameter
        }

        /// A parameter that only HTTP has.
        static func overHTTP(
            _ name: String,
            _ schema: JSONSchema,
            _ description: String
        ) -> Parameter {
            var parameter = Parameter(name, schema, description)
            parameter.isHTTPOnly = true
            return parameter
        }

        /// Whether a request over rpc may have it.
        var isInRPC: Bool { !isHeader && !isHTTPOnly }
    }

    /// An answer with a status of its own that is a document, but no refusal.
    struct Alternative: Sendable {
        let status: HTTPResponse.Status
        let reply: JSONSchema

        init(_ status: HTTPResponse.Status, _ reply: JSONSchema) {
            self.status = status
            self.reply = reply
        }
    }

    /// The media type of documents.
    static let json = "application/json"

    /// The form of the body; nil when there is none but an empty object.
    var body: JSONSchema?
    /// Whether nothing is done without a body.
    var needsBody = true
    /// The form of the answer where it is a document.
    var reply: JSONSchema
    /// The media types that the answer may have.
    var replyTypes = [OperationShape.json]
    /// The status of an answer that is no refusal.
    var status = HTTPResponse.Status.ok
    /// The other answer that there may be.
    var otherwise: Alternative?
    /// Of the query, and headers that only this operation reads.
    var parameters: [Parameter] = []
    /// Whether the answer has an entity tag.
    var hasVersion = false
    /// Whether `If-Match` counts.
    var takesVersion = false
    /// The statuses of refusals that other operations do not have: 404, 409; all of them where no
    /// key is needed.
    var refusals: [HTTPResponse.Status] = []
    /// A body to try it with, as documentation shows it.
    var example: JSONValue?

    init(reply: JSONSchema) {
        self.reply = reply
    }

    /// An operation that only reads: no body.
    static func reading(
        _ reply: JSONSchema,
        _ parameters: [Parameter] = [],
        hasVersion: Bool = false
    ) -> OperationShape {
        var shape = OperationShape(reply: reply)
        shape.parameters = parameters
        shape.hasVersion = hasVersion
        return shape
    }

    /// An operation that takes something out for good, and answers with what it was called.
    ///
    /// - Parameter name: the field that says so in the answer, which `APIReply.removed` makes.
    /// - Returns: a shape without a body or a version.
    static func removing(by name: String) -> OperationShape {
        OperationShape(
            reply: .object([
                .init(name: name, description: "", schema: .text, isRequired: true),
                .init(
                    name: "status",
                    description: "",
                    schema: .words(["removed"]),
                    isRequired: true
                ),
            ])
        )
    }

    /// The parameters of every list, behind those of its filters.
    static func paging(_ filters: [Parameter] = []) -> [Parameter] {
        filters + [
            Parameter("limit", .whole(1...1000), "How many entries a page has; 100 if not said."),
            Parameter("cursor", .text, "The next_cursor of the page before."),
        ]
    }

    /// A page of a list.
    static func page(of name: String, _ element: JSONSchema) -> JSONSchema {
        .object([
            .init(name: name, description: "", schema: .list(of: element), isRequired: true),
            .init(
                name: "next_cursor",
                description: "Where the next page begins; null at the end.",
                schema: JSONSchema.text.orNull,
                isRequired: true
            ),
        ])
    }
}
