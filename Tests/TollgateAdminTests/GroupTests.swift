internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore
internal import TollgateTesting

@Suite("Organisations, teams and users")
struct GroupTests {
    @Test("201: a creation answers where the group is, and it reads as it was written")
    func create() async throws {
        let harness = try AdminHarness()
        let body = """
            {"id":"acme","name":"ACME","description":"The customer","metadata":{"tier":"gold"},
             "rate_limits":{"per_minute":50},"budget_limits":{"monthly":99.5}}
            """
        let answer = try await harness.call(.post, "/v1/organizations", body)
        #expect(answer.status == 201)
        #expect(answer.headers[.location] == "/v1/organizations/acme")
        #expect(answer.headers[.eTag] == "\"1\"")
        let group = answer.document
        #expect(group["name"] == "ACME")
        #expect(group["status"] == "enabled")
        #expect(group["credits"] == .null)
        #expect(group["rate_limits"] == ["per_minute": 50, "strict": false])
        #expect(group["budget_limits"]?["monthly"] == .number("99.5"))
        #expect(group["metadata"] == ["tier": "gold"])
        let read = try await harness.call(.get, "/v1/organizations/acme")
        #expect(read.text.hasPrefix(answer.text.dropLast() + ",\"usage\":"))
        #expect(read.document["remaining"]?["budget_limits"] == ["monthly": .number("99.5")])
    }

    @Test("An id that nobody chose is made, and a name can be left to the id")
    func names() async throws {
        let harness = try AdminHarness()
        let made = try await harness.call(.post, "/v1/organizations", #"{"name":"x"}"#).document
        let id = try #require(made["id"]?.string)
        #expect(id.hasPrefix("org_") && id.count == 30)
        let body = #"{"id":"t","organization_id":"\#(id)"}"#
        let team = try await harness.call(.post, "/v1/teams", body).document
        #expect(team["name"] == "t")
        #expect(team["organization_id"] == .string(id))
    }

    @Test("200: PATCH merges, with If-Match only into the version that was seen")
    func patch() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        let path = "/v1/users/ann"
        let first = try await harness.call(
            .patch,
            path,
            #"{"rate_limits":{"per_minute":5},"metadata":{"a":"b"},"name":"Ann"}"#
        )
        #expect(first.headers[.eTag] == "\"2\"")
        let second = try await harness.call(
            .patch,
            path,
            #"{"rate_limits":{"per_hour":9},"team_id":null,"status":"disabled"}"#,
            headers: [.ifMatch: "\"2\""]
        ).document
        #expect(second["rate_limits"] == ["per_minute": 5, "per_hour": 9, "strict": false])
        #expect(second["name"] == "Ann")
        #expect(second["metadata"] == ["a": "b"])
        #expect(second["team_id"] == .null)
        #expect(second["status"] == "disabled")
        let late = try await harness.call(
            .patch,
            path,
            #"{"name":"late"}"#,
            headers: [.ifMatch: "\"2\""]
        )
        #expect(late.status == 412)
    }

    @Test("A key gets the organisation of its team, and team and organisation of its user")
    func derivation() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        let rows: [(String, [JSONValue])] = [
            (#""organization_id":"acme""#, ["acme", .null, .null, "organization"]),
            (#""team_id":"search""#, ["acme", "search", .null, "team"]),
            (#""user_id":"ann""#, ["acme", "search", "ann", "user"]),
            (#""user_id":"ann","team_id":null"#, ["acme", "search", "ann", "user"]),
            (#""user_id":"bob""#, ["acme", .null, "bob", "user"]),
            (
                #""user_id":"bob","team_id":"search","key_type":"user""#,
                ["acme", "search", "bob", "user"]
            ),
        ]
        for (fields, expected) in rows {
            let key = try await harness.create("{\"name\":\"a\",\(fields)}")
            let names = ["organization_id", "team_id", "user_id", "key_type"]
            #expect(names.map { key[$0] } == expected.map { $0 }, "\(fields)")
        }
        for (filter, count) in [
            ("organization_id=acme", 6), ("team_id=search", 4), ("user_id=bob", 2),
        ] {
            #expect(try await harness.call(.get, "/v1/keys?\(filter)").ids.count == count)
        }
    }

    @Test("A key moves between organisations, teams and users, and takes along what it still fits")
    func moving() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        let key = try await harness.create(#"{"name":"a","organization_id":"acme"}"#)
        let path = "/v1/keys/\(key["id"]?.string ?? "")"
        func move(_ body: String) async throws -> [JSONValue?] {
            let key = try await harness.call(.patch, path, body).document
            return ["organization_id", "team_id", "user_id"].map { key[$0] }
        }
        #expect(try await move(#"{"user_id":"ann"}"#) == ["acme", "search", "ann"])
        #expect(try await move(#"{"user_id":"bob"}"#) == ["acme", .null, "bob"])
        #expect(try await move(#"{"team_id":"search"}"#) == ["acme", "search", "bob"])
        #expect(try await move(#"{"team_id":null,"user_id":null}"#) == ["acme", .null, .null])
        #expect(try await move(#"{"organization_id":"acme"}"#) == ["acme", .null, .null])
        // Elsewhere, what is not named stays behind.
        #expect(try await move(#"{"user_id":"ann"}"#) == ["acme", "search", "ann"])
        #expect(try await move(#"{"organization_id":"acme"}"#) == ["acme", "search", "ann"])
        #expect(try await move(#"{"organization_id":"other"}"#) == ["other", .null, .null])
        #expect(try await move(#"{"team_id":"search"}"#) == ["acme", "search", .null])
        #expect(try await move(#"{"user_id":"far"}"#) == ["other", .null, "far"])
        #expect(
            try await move(#"{"organization_id":"other","team_id":"foreign"}"#)
                == ["other", "foreign", "far"]
        )
        #expect(try await move(#"{"organization_id":null}"#) == [.null, .null, .null])
        #expect(
            try await move(#"{"organization_id":"acme","user_id":"ann"}"#)
                == ["acme", "search", "ann"]
        )
        let id = try #require(key["id"]?.string)
        for (organization, ids) in [("acme", [id]), ("other", [])] {
            let keys = try await harness.call(.get, "/v1/keys?organization_id=\(organization)")
            #expect(keys.ids == ids)
        }
    }

    @Test(
        "Disabling a group stops the keys below it until it is enabled; deleting stops them for good"
    )
    func standing() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        let key = try await harness.create(#"{"name":"a","user_id":"ann"}"#)
        let secret = try #require(key["api_key"]?.string)
        func reason() throws -> Reason { try harness.check(secret, model: "gpt-4o").reason }
        #expect(try reason() == .allowed)
        for path in ["users/ann", "teams/search", "organizations/acme"] {
            _ = try await harness.call(.patch, "/v1/\(path)", #"{"status":"disabled"}"#)
            #expect(try reason() == .keyDisabled, "\(path)")
            _ = try await harness.call(.patch, "/v1/\(path)", #"{"status":"enabled"}"#)
            #expect(try reason() == .allowed, "\(path)")
        }
        let deleted = try await harness.call(.delete, "/v1/organizations/acme")
        #expect(deleted.document["status"] == "deleted")
        #expect(try reason() == .keyDisabled)
        #expect(try await harness.call(.delete, "/v1/organizations/acme").status == 200)
        #expect(try await harness.call(.get, "/v1/organizations/acme").status == 200)
    }

    @Test("Lists go by id, in pages, and filters show what meets all of them")
    func lists() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        func ids(_ uri: String) async throws -> [String] {
            try await harness.call(.get, "/v1/\(uri)").ids
        }
        #expect(try await ids("organizations") == ["acme", "gone", "other"])
        #expect(try await ids("organizations?status=enabled") == ["acme", "other"])
        #expect(try await ids("organizations?status=deleted&q=GO") == ["gone"])
        #expect(try await ids("teams?organization_id=acme") == ["closed", "search"])
        #expect(try await ids("users?organization_id=acme&team_id=search") == ["ann"])
        let page = try await harness.call(.get, "/v1/users?limit=2")
        #expect(page.ids == ["ann", "bob"])
        let cursor = try #require(page.document["next_cursor"]?.string)
        #expect(try await ids("users?limit=2&cursor=\(cursor)") == ["far"])
    }

    @Test("503: a store that cannot be read or written is said, and nothing is made up")
    func unavailable() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        harness.groupCatalogue.breaks(true)
        let requests: [(HTTPRequest.Method, String, String?)] = [
            (.post, "/v1/teams", #"{"id":"x","organization_id":"acme"}"#), (.get, "/v1/teams", nil),
            (.get, "/v1/teams/search", nil), (.patch, "/v1/teams/search", #"{"name":"b"}"#),
            (.delete, "/v1/teams/search", nil),
            (.post, "/v1/keys", #"{"name":"a","team_id":"search"}"#),
            (.post, "/v1/organizations/acme/credits", #"{"amount":1}"#),
        ]
        for (method, path, body) in requests {
            let answer = try await harness.call(method, path, body)
            #expect(answer.status == 503 && answer.problem == "unavailable", "\(method) \(path)")
        }
        harness.groupCatalogue.breaks(false)
        #expect(try await harness.call(.get, "/v1/teams/search").document["version"] == 1)
    }
}
