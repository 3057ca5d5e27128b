internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore

@Suite("What administrators try")
struct AttemptTests {
    /// Somebody's key.
    private struct Person {
        let id: String
        let secret: String
    }

    @Test("Nobody does more by any way than their own key may, and each refusal names the field")
    func attempts() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        var people: [String: Person] = [:]
        var refusals = 0
        for row in try CaseFile.rows("attempts.txt") {
            try #require(row.count >= 3, "\(row)")
            if row[1] == "key" {
                let key = try await harness.create(row[2])
                let id = try #require(key["id"]?.string, "\(row) \(key)")
                let secret = try #require(key["api_key"]?.string)
                people[row[0]] = Person(id: id, secret: secret)
                continue
            }
            try #require(row.count == 4, "\(row)")
            var request = row[1]
            for (name, person) in people {
                request = request.replacing("{\(name)}", with: person.id)
            }
            let parts = request.split(separator: " ")
            let answer = try await harness.call(
                try #require(HTTPRequest.Method(String(parts[0]))),
                String(parts[1]),
                row[2].isEmpty ? nil : row[2],
                secret: try #require(people[row[0]], "\(row)").secret
            )
            let outcome = [String(answer.status), answer.problem].filter { !$0.isEmpty }
            #expect(outcome.joined(separator: " ") == row[3], "\(row) \(answer.text)")
            if answer.status == 403 || answer.status == 404 { refusals += 1 }
        }
        #expect(refusals > 90)
    }

    @Test("What is refused alone is refused in bulk and by import, for each key and by its field")
    func many() async throws {
        let harness = try AdminHarness()
        let wide = try #require(try await harness.create(#"{"name":"w"}"#)["id"]?.string)
        let editor = try await harness.create(
            #"{"name":"e","permissions":{"manage_keys":true},"allowed_models":["o3"]}"#
        )
        let secret = editor["api_key"]?.string
        _ = try await harness.call(.post, "/v1/keys/\(wide)/disable")
        for action in ["enable", "rotate"] {
            let body = #"{"action":"\#(action)","ids":["\#(wide)"]}"#
            let answer = try await harness.call(.post, "/v1/keys/bulk", body, secret: secret)
            #expect(answer.text.contains("\"field\":\"allowed_models\""), "\(answer.text)")
            #expect(answer.document["succeeded"] == 0)
            #expect(!answer.text.contains("api_key"))
        }
        let body = """
            {"keys":[{"name":"a","api_key":"sk-elsewhere-1"},
                     {"name":"b","api_key":"sk-elsewhere-2","allowed_models":["o3"]},
                     {"name":"c","api_key":"sk-elsewhere-3","allowed_models":["o3","o4"]}]}
            """
        let answer = try await harness.call(.post, "/v1/keys/import", body, secret: secret)
        #expect(answer.document["imported"] == 1)
        #expect(answer.text.contains("keys[0].allowed_models\""))
        #expect(answer.text.contains("keys[2].allowed_models[1]\""))
        #expect(try harness.check("sk-elsewhere-1", model: "o3").reason == .invalidAPIKey)
        #expect(try harness.check("sk-elsewhere-2", model: "o3").isAllowed)
    }

    @Test("Lists show an administrator what is within its scope, and nothing else")
    func lists() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        let keys = [
            ("one", ""), ("two", #""organization_id":"acme""#), ("three", #""team_id":"search""#),
            ("four", #""user_id":"ann""#), ("five", #""organization_id":"other""#),
        ]
        for (name, place) in keys {
            let body = #"{"name":"\#(name)"\#(place.isEmpty ? "" : ",")\#(place)}"#
            #expect(try await harness.call(.post, "/v1/keys", body).status == 201)
        }
        let manager = #""permissions":{"manage_keys":true}"#
        // From the narrowest on: each also sees those before.
        let scopes = [
            (#""user_id":"ann""#, ["self", "four"], ["ann"]),
            (#""team_id":"search""#, ["self", "self", "four", "three"], ["ann"]),
            (
                #""organization_id":"acme""#,
                ["self", "self", "self", "four", "three", "two"], ["ann", "bob"]
            ),
        ]
        for (place, names, users) in scopes {
            let key = try await harness.create(#"{"name":"self",\#(place),\#(manager)}"#)
            let secret = try #require(key["api_key"]?.string)
            for path in ["/v1/keys", "/v1/manage/keys", "/v1/api-keys"] {
                let list = try await harness.call(.get, path, secret: secret)
                #expect(list.names == names, "\(place) \(path)")
            }
            let list = try await harness.call(.get, "/v1/users", secret: secret)
            #expect(list.ids == users, "\(place)")
        }
    }

    @Test("The last administrator cannot be taken away, by whichever way")
    func lastAdministrator() async throws {
        let harness = try AdminHarness()
        let list = try await harness.call(.get, "/v1/keys?name=administrator")
        let id = try #require(list.ids.first)
        let attempts: [(HTTPRequest.Method, String, String?)] = [
            (.post, "/v1/keys/\(id)/revoke", nil), (.post, "/v1/keys/\(id)/disable", nil),
            (.delete, "/v1/keys/\(id)", nil), (.delete, "/v1/api-keys/\(id)", nil),
            (.delete, "/v1/manage/keys/\(id)", nil),
            (.patch, "/v1/keys/\(id)", #"{"status":"disabled"}"#),
            (.patch, "/v1/keys/\(id)", #"{"permissions":{"manage_keys":false}}"#),
            (.patch, "/v1/keys/\(id)", #"{"permissions":null}"#),
            (.patch, "/v1/keys/\(id)", #"{"expires_in":60}"#),
            (
                .patch, "/v1/keys/\(id)",
                #"{"ip_allowlist":{"enabled":true,"addresses":["9.9.9.9"]}}"#
            ),
            (.patch, "/v1/keys/\(id)", #"{"ip_allowlist":{"enabled":true}}"#),
        ]
        for attempt in attempts {
            let answer = try await harness.call(attempt.0, attempt.1, attempt.2)
            #expect(answer.status == 409 && answer.problem == "last_administrator", "\(attempt)")
        }
        let bulk = try await harness.call(
            .post,
            "/v1/keys/bulk",
            #"{"action":"revoke","ids":["\#(id)"]}"#
        )
        #expect(bulk.document["failed"] == 1)
        // One with an end, with addresses or within an organisation is no successor.
        try await harness.createGroups()
        let manager = #""permissions":{"manage_keys":true}"#
        _ = try await harness.create(#"{"name":"passing","expires_in":60,\#(manager)}"#)
        let addresses = #""ip_allowlist":{"enabled":true,"addresses":["9.9.9.9"]}"#
        _ = try await harness.create(#"{"name":"confined",\#(addresses),\#(manager)}"#)
        _ = try await harness.create(#"{"name":"small","organization_id":"acme",\#(manager)}"#)
        #expect(try await harness.call(.delete, "/v1/keys/\(id)").status == 409)
        let next = try await harness.create(#"{"name":"next",\#(manager)}"#)
        #expect(try await harness.call(.delete, "/v1/keys/\(id)").status == 200)
        let secret = try #require(next["api_key"]?.string)
        let own = try #require(next["id"]?.string)
        let last = try await harness.call(.delete, "/v1/keys/\(own)", secret: secret)
        #expect(last.problem == "last_administrator")
    }
}
