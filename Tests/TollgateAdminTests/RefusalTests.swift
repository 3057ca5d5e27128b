internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateEngine

@Suite("What is refused")
struct RefusalTests {
    /// A row's request on a key that is there, and on one of an organisation.
    private func send(
        _ request: String,
        _ body: String,
        as caller: AdminHarness.Caller,
        _ harness: AdminHarness,
        id: String,
        own: String = ""
    ) async throws -> Answer {
        let parts = request.replacing("{id}", with: id).replacing("{own}", with: own)
            .replacing("{none}", with: "key_00000000000000000000000000").split(separator: " ")
        return try await harness.call(
            try #require(HTTPRequest.Method(String(parts[0]))),
            String(parts[1]),
            body.isEmpty ? nil : body,
            as: caller
        )
    }

    @Test(
        "Every bad request gets its status, its code and the path of its field, and changes nothing",
        arguments: [
            "refusals.txt", "refusals-limits.txt", "refusals-groups.txt", "refusals-models.txt",
            "refusals-suppliers.txt",
        ]
    )
    func refusals(table: String) async throws {
        let rows = try CaseFile.rows(table)
        #expect(rows.count > 20)
        let harness = try AdminHarness()
        let id = try #require(try await harness.create(#"{"name":"one"}"#)["id"]?.string)
        try await harness.createGroups()
        let own = try await harness.create(#"{"name":"own","organization_id":"acme"}"#)
        let before = try await harness.everything()
        for row in rows {
            try #require(row.count == 3, "\(row)")
            let answer = try await send(
                row[0],
                row[1],
                as: .admin,
                harness,
                id: id,
                own: own["id"]?.string ?? ""
            )
            #expect("\(answer.status) \(answer.problem)" == row[2], "\(row[0]) \(row[1])")
            #expect(answer.headers[.contentType] == "application/json")
        }
        #expect(try await harness.everything() == before)
    }

    @Test("Each caller may do what its permissions say and nothing else")
    func callers() async throws {
        let callers: [AdminHarness.Caller] = [.admin, .auditor, .plain, .nobody, .stranger]
        for row in try CaseFile.rows("callers.txt") {
            try #require(row.count == 2 + callers.count, "\(row)")
            for (caller, status) in zip(callers, row.dropFirst(2)) {
                let harness = try AdminHarness()
                let id = try #require(try await harness.create(#"{"name":"one"}"#)["id"]?.string)
                let answer = try await send(row[0], row[1], as: caller, harness, id: id)
                #expect("\(answer.status)" == status, "\(row[0]) as \(caller)")
                let challenge = answer.headers[.wwwAuthenticate]
                #expect((challenge != nil) == (status == "401"))
            }
        }
    }

    @Test("401: without a key, with one that is none, and with two that differ")
    func credentials() async throws {
        let harness = try AdminHarness()
        let name = try #require(HTTPField.Name("x-api-key"))
        let admin = harness.secret(of: .admin)
        func problem(_ headers: HTTPFields) async throws -> String {
            let answer = try await harness.call(
                .get,
                "/v1/keys",
                as: .nobody,
                headers: headers
            )
            return "\(answer.status) \(answer.problem)"
        }
        #expect(try await problem([:]) == "401 missing_api_key")
        #expect(try await problem([.authorization: "Bearer x"]) == "401 invalid_api_key")
        #expect(try await problem([.authorization: "Basic YTpi"]) == "401 invalid_api_key")
        #expect(try await problem([.authorization: "Bearer"]) == "401 invalid_api_key")
        #expect(try await problem([name: admin]) == "200 ")
        #expect(try await problem([.authorization: "bearer \(admin)", name: admin]) == "200 ")
        let other = harness.secret(of: .plain)
        #expect(
            try await problem([.authorization: "Bearer \(admin)", name: other])
                == "401 ambiguous_credentials"
        )
    }

    @Test("A key that is disabled, expired or revoked manages nothing from the next request on")
    func standing() async throws {
        let harness = try AdminHarness()
        let body = #"{"name":"b","expires_in":60,"permissions":{"manage_keys":true}}"#
        let key = try await harness.create(body)
        let secret = try #require(key["api_key"]?.string)
        let id = try #require(key["id"]?.string)
        func status() async throws -> Int {
            try await harness.call(
                .get,
                "/v1/keys",
                as: .nobody,
                headers: [.authorization: "Bearer \(secret)"]
            ).status
        }
        #expect(try await status() == 200)
        _ = try await harness.call(.post, "/v1/keys/\(id)/disable")
        #expect(try await status() == 401)
        _ = try await harness.call(.post, "/v1/keys/\(id)/enable")
        #expect(try await status() == 200)
        harness.clock.advance(seconds: 60)
        #expect(try await status() == 401)
    }

    @Test("403: nobody gives away a permission that they do not have")
    func attenuation() async throws {
        let harness = try AdminHarness()
        let manager = try await harness.create(
            #"{"name":"manager","permissions":{"manage_keys":true}}"#
        )
        let answer = try await harness.call(
            .post,
            "/v1/keys",
            #"{"name":"x","permissions":{"manage_billing":true}}"#,
            as: .nobody,
            headers: [.authorization: "Bearer \(manager["api_key"]?.string ?? "")"]
        )
        #expect(answer.status == 403)
        #expect(answer.problem == "forbidden permissions")
    }

    @Test("413: a body of more than a mebibyte, and one of just that is read")
    func size() async throws {
        let harness = try AdminHarness()
        let frame = #"{"name":""}"#.utf8.count
        for (count, status) in [((1 << 20) - frame, 400), ((1 << 20) - frame + 1, 413)] {
            let body = #"{"name":"\#(String(repeating: "a", count: count))"}"#
            #expect(try await harness.call(.post, "/v1/keys", body).status == status)
        }
    }

    @Test("415: a body that says it is anything but JSON")
    func mediaType() async throws {
        let harness = try AdminHarness()
        let types = [
            "application/json": 201, "Application/JSON; charset=utf-8": 201,
            "application/x-www-form-urlencoded": 415, "text/plain": 415,
        ]
        for (type, status) in types {
            let answer = try await harness.call(
                .post,
                "/v1/keys",
                #"{"name":"a"}"#,
                headers: [.contentType: type]
            )
            #expect(answer.status == status, "\(type)")
        }
    }

    @Test("Where JSON ends to be JSON is told by line and column")
    func position() async throws {
        let harness = try AdminHarness()
        let answer = try await harness.call(.post, "/v1/keys", "{\n  \"name\": tru\n}")
        let message = answer.document["error"]?["message"]?.string
        #expect(message == "The body is not JSON: not a value, at line 2, column 11.")
    }

    @Test("No refusal repeats what was sent")
    func secrets() async throws {
        let harness = try AdminHarness()
        let secret = "tg_live_canarycanarycanary"
        let bodies = [
            #"{"name":"a","status":"\#(secret)"}"#, #"{"name":"a","expires_at":"\#(secret)"}"#,
            #"{"name":"a","ip_allowlist":{"addresses":["\#(secret)"]}}"#, secret,
        ]
        for body in bodies {
            let answer = try await harness.call(.post, "/v1/keys", body)
            #expect(answer.status == 400)
            #expect(!answer.text.contains("canary"), "\(answer.text)")
        }
    }
}
