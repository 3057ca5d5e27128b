import HTTPTypes
import Testing
import TollgateCore

@testable import TollgateAdmin

@Suite("The OpenAPI document")
struct OpenAPITests {
    private func document() async throws -> JSONValue {
        let answer = try await AdminHarness().call(.get, "/openapi.json", as: .nobody)
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "application/json")
        return answer.document
    }

    @Test("needs no key and names every operation of the router once, under its path and method")
    func operations() async throws {
        let document = try await document()
        #expect(document["openapi"] == "3.1.0")
        var described: [String] = []
        for path in (document["paths"] ?? .null).members {
            for method in path.value.members {
                let name = method.value["operationId"]?.string ?? ""
                described.append("\(method.name) \(path.name) \(name)")
            }
        }
        let routed = AdminRoutes.documented.map { operation in
            "\(operation.method.rawValue.lowercased()) \(operation.path) \(operation.name)"
        }
        #expect(described.sorted() == routed.sorted())
        #expect(Set(AdminRoutes.documented.map { $0.name }).count == routed.count)
    }

    @Test("has a shape and a sentence for every operation", arguments: AdminRoutes.documented)
    func shapes(operation: any DocumentedOperation.Type) {
        #expect(operation.shape != nil, "\(operation.name) has no shape")
        #expect(operation.summary.hasSuffix("."))
        #expect(operation.name.first?.isUppercase == true)
    }

    @Test("says of what needs no key that it needs none, and what is answered to anybody")
    func openOperations() async throws {
        let document = try await document()
        let harness = try AdminHarness()
        let rows = [
            ("/healthz", ["200"], "application/json"),
            ("/readyz", ["200", "500", "503"], "application/json"),
            ("/metrics", ["200", "500"], "text/plain"),
        ]
        for (path, statuses, type) in rows {
            let operation = document["paths"]?[path]?["get"] ?? .null
            #expect(operation["security"] == .array([]), "\(path)")
            let responses = operation["responses"] ?? .null
            #expect(responses.members.map(\.name).sorted() == statuses, "\(path)")
            #expect(responses["200"]?["content"]?.members.map(\.name) == [type], "\(path)")
            let answer = try await harness.call(.get, path, as: .nobody)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType]?.hasPrefix(type) == true)
        }
        let keyless = (document["paths"] ?? .null).members.filter { path in
            path.value.members.contains { $0.value["security"] != nil }
        }
        #expect(keyless.map(\.name).sorted() == rows.map(\.0).sorted())
        harness.setObstacles(["journal"])
        let unready = try await harness.call(.get, "/readyz", as: .nobody)
        let other = try #require(GetReadiness.shape?.otherwise)
        #expect(unready.status == other.status.code)
        #expect(strangers(in: unready.document, other.reply.resolved, other.reply).isEmpty)
    }

    @Test("refers only to schemas that it has")
    func references() async throws {
        let document = try await document()
        let schemas = Set(
            (document["components"]?["schemas"] ?? .null).members.map(\.name)
        )
        var referred: Set<String> = []
        func walk(_ value: JSONValue) {
            if case .string(let path)? = value["$ref"] {
                referred.insert(String(path.split(separator: "/").last ?? ""))
            }
            switch value {
            case .array(let elements): for element in elements { walk(element) }
            case .object(let members): for member in members { walk(member.value) }
            default: break
            }
        }
        walk(document)
        #expect(referred.isSubset(of: schemas))
        #expect(schemas.subtracting(referred).isEmpty, "schemas that nobody needs")
    }

    /// The fields that a body may have, and some that it may not.
    private static let bodies: [(method: HTTPRequest.Method, path: String, schema: JSONSchema)] = [
        (.post, "/v1/keys", KeySchema.key.creation),
        (.patch, "/v1/keys/{id}", KeySchema.key.change),
        (.post, "/v1/keys/temporary", KeySchema.temporary.creation),
        (.post, "/v1/manage/keys", ManagedKeys.schema.creation),
        (.patch, "/v1/manage/keys/{id}", ManagedKeys.schema.change),
        (.post, "/v1/api-keys", APIKeys.schema.creation),
        (.patch, "/v1/api-keys/{id}", APIKeys.schema.change),
        (.post, "/v1/organizations", GroupSchema.record(.organization).creation),
        (.post, "/v1/teams", GroupSchema.record(.team).creation),
        (.post, "/v1/users", GroupSchema.record(.user).creation),
        (.patch, "/v1/users/ann", GroupSchema.record(.user).change),
        (.patch, "/v1/suppliers/none", SupplierSchema.supplier.change),
    ]

    @Test("documents exactly the fields that are read", arguments: 0..<bodies.count)
    func fields(index: Int) async throws {
        let (method, path, schema) = OpenAPITests.bodies[index]
        let harness = try AdminHarness()
        try await harness.createGroups()
        let id = try #require(try await harness.create(#"{"name":"a"}"#)["id"]?.string)
        let uri = path.replacing("{id}", with: id)
        let documented = Set((schema.resolved["properties"] ?? .null).members.map(\.name))
        let all = Set(
            [
                KeySchema.key, ManagedKeys.schema, GroupSchema.record(.organization),
                SupplierSchema.supplier,
            ]
            .flatMap { $0.fields.map(\.name) } + ["id", "usage", "nothing_of_the_kind"]
        )
        for name in all {
            // Of a wrong type for every field: it is either refused for that, or not known.
            let answer = try await harness.call(method, uri, #"{"\#(name)":7.5}"#)
            let isKnown = answer.problem != "unknown_field \(name)"
            #expect(isKnown == documented.contains(name), "\(method) \(path): \(name)")
        }
    }

    @Test("says nothing less than what answers hold")
    func answers() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        let key = try await harness.create(
            #"{"name":"a","organization_id":"acme","rate_limits":{"per_minute":5,"strict":true},"#
                + #""budget_limits":{"daily":1},"policy":{"statements":[{"effect":"Allow","#
                + #""actions":["*"],"resources":["*"],"condition":{"tokens_under":5}}]},"#
                + #""pricing":{"tier":"paid"},"iam_rules":[{"type":"allow_models","models":["x"]}],"#
                + #""budget_alerts":{"thresholds":[80]},"alerts":{"unusual_patterns":true},"#
                + #""webhooks":{"url":"https://a.test","secret":"x","events":["key.created"]},"#
                + #""content_rules":[{"pattern":"x"}],"anomaly":{"action":"block"}}"#
        )
        let id = key["id"]?.string ?? ""
        let cases: [(String, JSONSchema)] = [
            ("/v1/keys/\(id)", KeySchema.key.answer),
            ("/v1/manage/keys/\(id)", ManagedKeys.schema.answer),
            ("/v1/api-keys/\(id)", APIKeys.schema.answer),
            ("/v1/keys/\(id)/usage", UsageSchema.answer(of: "key_id")),
            ("/v1/organizations/acme", GroupSchema.record(.organization).answer),
            ("/v1/users/ann", GroupSchema.record(.user).answer),
            ("/v1/models/gpt-4o", ModelSchema.model),
        ]
        for (path, schema) in cases {
            let answer = try await harness.call(.get, path)
            try #require(answer.status == 200, "\(answer.text)")
            #expect(strangers(in: answer.document, schema.resolved, schema).isEmpty, "\(path)")
        }
        #expect(strangers(in: key, KeySchema.key.answer.resolved, KeySchema.key.answer).isEmpty)
    }

    @Test("says nothing less than what those hold that change many keys, or one in other ways")
    func changes() async throws {
        let harness = try AdminHarness()
        let id = try #require(try await harness.create(#"{"name":"a"}"#)["id"]?.string)
        let shapes: [(String, String, OperationShape?)] = [
            ("/v1/keys/\(id)/rotate", "{}", RotateKey.shape),
            (
                "/v1/keys/temporary", #"{"expires_in":60,"session_id":"s"}"#,
                CreateTemporaryKey.shape
            ),
            (
                "/v1/api-keys/temporary", #"{"expires_in":60,"permissions":{"max_requests":1}}"#,
                CreateCompatibleTemporaryKey.shape
            ),
            (
                "/v1/api-keys", #"{"permissions":{"daily_budget":1}}"#,
                CreateCompatibleKey<APIKeys>.shape
            ),
            (
                "/v1/manage/keys", #"{"name":"a","budget_limit":5}"#,
                CreateCompatibleKey<ManagedKeys>.shape
            ),
            (
                "/v1/keys/bulk", #"{"action":"rotate","ids":["\#(id)","nobody"]}"#,
                BulkKeys.shape
            ),
            (
                "/v1/keys/import", #"{"keys":[{"name":"a","api_key":"sk-imported"},{"name":1}]}"#,
                ImportKeys.shape
            ),
        ]
        for (path, body, shape) in shapes {
            let shape = try #require(shape)
            let answer = try await harness.call(.post, path, body)
            #expect(answer.status == shape.status.code, "\(path) \(answer.text)")
            let found = strangers(in: answer.document, shape.reply.resolved, shape.reply)
            #expect(found.isEmpty, "\(path)")
        }
        let ended = try await harness.call(.delete, "/v1/sessions/s")
        let schema = try #require(DeleteSession.shape).reply
        #expect(strangers(in: ended.document, schema.resolved, schema).isEmpty)
    }

    /// The members that a schema does not have, and those that it insists on and that are missing.
    private func strangers(
        in value: JSONValue,
        _ schema: JSONValue,
        _ owner: JSONSchema
    ) -> [String] {
        if case .string(let path)? = schema["$ref"] {
            let name = String(path.split(separator: "/").last ?? "")
            return strangers(in: value, owner.components[name] ?? .null, owner)
        }
        if case .array(let alternatives)? = schema["anyOf"], let first = alternatives.first {
            return value == .null ? [] : strangers(in: value, first, owner)
        }
        switch value {
        case .array(let elements):
            return elements.flatMap { strangers(in: $0, schema["items"] ?? .null, owner) }
        case .object(let members):
            guard let properties = schema["properties"] else { return [] }
            var names = members.flatMap { member in
                properties[member.name].map { strangers(in: member.value, $0, owner) }
                    ?? ["+\(member.name)"]
            }
            if case .array(let required)? = schema["required"] {
                for case .string(let name) in required where value[name] == nil {
                    names.append("-\(name)")
                }
            }
            return names
        default: return []
        }
    }
}

extension JSONValue {
    var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }
}
