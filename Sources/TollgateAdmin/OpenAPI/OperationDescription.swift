internal import HTTPTypes

/// One operation as OpenAPI describes it.
struct OperationDescription {
    let operation: any DocumentedOperation.Type
    let shape: OperationShape

    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("operationId", .string(operation.name)),
            .init("summary", .string(operation.summary)),
            .init("description", .string(need)), .init("tags", JSONValue([tag])),
        ]
        // Of the document's ways to show a key, none.
        if operation.keyRequirement == nil { members.append(.init("security", .array([]))) }
        let parameters = pathParameters + queryParameters + headers
        if !parameters.isEmpty { members.append(.init("parameters", .array(parameters))) }
        if let body = shape.body {
            members.append(
                .init(
                    "requestBody",
                    [
                        "required": .bool(shape.needsBody),
                        "content": content(body, shape.example),
                    ]
                )
            )
        }
        members.append(.init("responses", .object(responses)))
        return .object(members)
    }

    /// What the caller must show, as a sentence.
    var need: String {
        operation.keyRequirement.map { "Needs a key with \($0)." } ?? "Needs no key."
    }

    /// What the operation is about: the first word of its path behind the version, and without one
    /// the server itself.
    var tag: String {
        operation.path.split(separator: "/").dropFirst().first.map(String.init) ?? "server"
    }

    private var pathParameters: [JSONValue] {
        operation.path.split(separator: "/").compactMap { step in
            guard step.hasPrefix("{"), step.hasSuffix("}") else { return nil }
            return [
                "name": .string(String(step.dropFirst().dropLast())), "in": "path",
                "required": true, "schema": JSONSchema.text(1...256).json,
            ]
        }
    }

    private var queryParameters: [JSONValue] {
        shape.parameters.map { parameter in
            [
                "name": .string(parameter.name), "in": parameter.isHeader ? "header" : "query",
                "description": .string(parameter.description), "schema": parameter.schema.json,
            ]
        }
    }

    private var headers: [JSONValue] {
        var headers: [JSONValue] = []
        if shape.takesVersion {
            headers.append([
                "name": "If-Match", "in": "header", "schema": JSONSchema.text.json,
                "description": "The entity tag that was seen; 412 when there is a newer one.",
            ])
        }
        if operation.method == .post, shape.replyTypes.contains(OperationShape.json) {
            headers.append([
                "name": "Idempotency-Key", "in": "header",
                "schema": JSONSchema.text(1...255, pattern: "^[!-~]+$").json,
                "description": "Repeats of this request with the same key get its answer again.",
            ])
        }
        return headers
    }

    private var responses: [JSONValue.Member] {
        var responses: [JSONValue.Member] = []
        var success: [JSONValue.Member] = [
            .init("description", .string(operation.summary)),
            .init("content", replyContent),
        ]
        if shape.hasVersion {
            success.append(.init("headers", ["ETag": ["schema": JSONSchema.text.json]]))
        }
        responses.append(.init("\(shape.status.code)", .object(success)))
        if let other = shape.otherwise { responses.append(response(other.status, other.reply)) }
        return responses + refusals.map { response($0, ErrorSchema.error) }
    }

    private func response(
        _ status: HTTPResponse.Status,
        _ schema: JSONSchema
    ) -> JSONValue.Member {
        .init(
            "\(status.code)",
            ["description": .string(status.reasonPhrase), "content": content(schema, nil)]
        )
    }

    /// The statuses of refusals, in ascending order, each once.
    private var refusals: [HTTPResponse.Status] {
        guard operation.keyRequirement != nil else { return shape.refusals }
        var statuses: [HTTPResponse.Status] = [
            .badRequest, .unauthorized, .forbidden, .contentTooLarge, .unsupportedMediaType,
            .unprocessableContent, .internalServerError, .serviceUnavailable,
        ]
        if operation.path.contains("{") { statuses.append(.notFound) }
        if shape.takesVersion { statuses.append(.preconditionFailed) }
        if operation.method == .post { statuses.append(.conflict) }
        for status in shape.refusals where !statuses.contains(status) { statuses.append(status) }
        return Array(Set(statuses)).sorted { $0.code < $1.code }
    }

    private var replyContent: JSONValue {
        .object(
            shape.replyTypes.map { type in
                // What is in other answers is not for JSON Schema to say.
                .init(type, type == OperationShape.json ? ["schema": shape.reply.json] : [:])
            }
        )
    }

    private func content(_ schema: JSONSchema, _ example: JSONValue?) -> JSONValue {
        var members = [JSONValue.Member("schema", schema.json)]
        if let example { members.append(.init("example", example)) }
        return .object([.init(OperationShape.json, .object(members))])
    }
}
