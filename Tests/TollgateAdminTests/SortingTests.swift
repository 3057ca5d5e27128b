internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore

@Suite("Lists that are put in order")
struct SortingTests {
    /// All ids or names of a list, read in pages of two.
    private func all(
        _ path: String,
        _ harness: AdminHarness,
        between: () async throws -> Void = {}
    ) async throws -> [String] {
        var found: [String] = []
        var cursor: String?
        for _ in 0..<100 {
            let start = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await harness.call(.get, "/v1/\(path)&limit=2\(start)")
            try #require(answer.status == 200, "\(answer.text)")
            found += answer.suppliers.isEmpty ? answer.ids : answer.suppliers
            cursor = answer.document["next_cursor"]?.string
            if cursor == nil { break }
            try await between()
        }
        return found
    }

    @Test("Keys by their last use: upwards those first that were never used")
    func lastUse() async throws {
        let harness = try AdminHarness()
        var keys: [(id: String, secret: String)] = []
        for index in 0..<6 {
            let key = try await harness.create(#"{"name":"k\#(index)","group":"g"}"#)
            keys.append((try #require(key["id"]?.string), try #require(key["api_key"]?.string)))
        }
        for index in [3, 1, 5, 0] {
            harness.clock.advance(seconds: 1)
            #expect(try harness.check(keys[index].secret, model: "m").isAllowed)
        }
        let upwards = [2, 4, 3, 1, 5, 0].map { keys[$0].id }
        #expect(try await all("keys?group=g&sort=last_used_at", harness) == upwards)
        #expect(try await all("keys?group=g&sort=-last_used_at", harness) == upwards.reversed())
        let shown = try await harness.call(.get, "/v1/keys?group=g&sort=-last_used_at").document
        guard case .array(let list)? = shown["keys"] else { return }
        #expect(
            list.map { $0["last_used_at"] == .null } == [false, false, false, false, true, true]
        )
        #expect(list[0]["last_used_at"] == "2030-01-31T12:00:04.000Z")
        let read = try await harness.call(.get, "/v1/keys/\(keys[0].id)").document
        #expect(read["last_used_at"] == list[0]["last_used_at"])
        #expect(read["usage"]?["total"]?["requests"] == 1)
    }

    @Test("A key that is used between two pages neither repeats others nor hides them")
    func moving() async throws {
        let harness = try AdminHarness()
        var keys: [(id: String, secret: String)] = []
        for index in 0..<7 {
            let key = try await harness.create(#"{"name":"k\#(index)","group":"g"}"#)
            keys.append((try #require(key["id"]?.string), try #require(key["api_key"]?.string)))
            harness.clock.advance(seconds: 1)
            #expect(try harness.check(keys[index].secret, model: "m").isAllowed)
        }
        // The last key of each page that was shown is used again, and becomes the newest.
        var shown = 0
        let found = try await all("keys?group=g&sort=-last_used_at", harness) {
            shown += 2
            harness.clock.advance(seconds: 1)
            let verdict = try harness.check(keys[7 - shown].secret, model: "m")
            #expect(verdict.isAllowed)
        }
        #expect(found == keys.reversed().map(\.id))
    }

    @Test("Groups by id, name and creation, either way, in pages of their own order")
    func groups() async throws {
        let harness = try AdminHarness()
        for (id, name) in [("b", "Zeta"), ("d", "alpha"), ("a", "Zeta"), ("c", "Mü. 1%")] {
            harness.clock.advance(seconds: 1)
            let body = #"{"id":"\#(id)","name":"\#(name)"}"#
            #expect(try await harness.call(.post, "/v1/organizations", body).status == 201)
        }
        let rows = [
            ("id", "a b c d"), ("-id", "d c b a"), ("name", "c a b d"), ("-name", "d b a c"),
            ("created_at", "b d a c"), ("-created_at", "c a d b"),
        ]
        for (sort, ids) in rows {
            let found = try await all("organizations?sort=\(sort)", harness)
            #expect(found.joined(separator: " ") == ids, "\(sort)")
        }
    }

    @Test("Suppliers by any of their fields, whatever is deleted between two pages")
    func suppliers() async throws {
        let harness = try AdminHarness()
        for (name, provider, region) in [("b", "y", "EU"), ("a", "z", "US"), ("c", "y", "APAC")] {
            harness.clock.advance(seconds: 1)
            let body = """
                {"suppliers":[{"name":"\(name)","provider":"\(provider)","region":"\(region)",
                  "base_url":"https://\(name).example"}]}
                """
            #expect(try await harness.call(.put, "/v1/suppliers", body).status == 200)
        }
        let rows = [
            ("name", "a b c"), ("-name", "c b a"), ("provider", "b c a"), ("-region", "a b c"),
            ("created_at", "b a c"), ("-created_at", "c a b"),
        ]
        for (sort, names) in rows {
            let found = try await all("suppliers?sort=\(sort)", harness)
            #expect(found.joined(separator: " ") == names, "\(sort)")
        }
        let found = try await all("suppliers?sort=provider", harness) {
            _ = try await harness.call(.delete, "/v1/suppliers/c")
        }
        #expect(found == ["b", "c", "a"])
    }

    @Test("Models by price, through all pages")
    func models() async throws {
        let harness = try AdminHarness()
        let path = "models?provider=openai&sort=-output_price"
        let whole = try await harness.call(.get, "/v1/\(path)&limit=1000").ids
        #expect(whole.count > 4)
        #expect(try await all(path, harness) == whole)
    }

    @Test(
        "A cursor is good for its list in its order, and for nothing else",
        arguments: [
            ("keys?sort=name", "keys?sort=-name"),
            ("keys?sort=-created_at", "keys?sort=created_at"),
            ("keys?sort=-created_at", "keys?sort=last_used_at"),
            ("keys?sort=-created_at", "manage/keys?sort=-created_at"),
            ("keys?sort=-created_at", "teams?sort=-created_at"),
            ("keys?sort=-created_at", "audit-logs?sort=-timestamp"),
            ("keys?sort=name", "models?sort=id"),
            ("models?sort=id", "suppliers?sort=name"),
            ("models?sort=id", "models?sort=provider"),
            ("models?sort=-input_price", "models?sort=-output_price"),
        ]
    )
    func foreignCursors(path: String, other: String) async throws {
        let harness = try AdminHarness()
        let page = try await harness.call(.get, "/v1/\(path)&limit=1").document
        let cursor = try #require(page["next_cursor"]?.string)
        let own = try await harness.call(.get, "/v1/\(path)&cursor=\(cursor)")
        #expect(own.status == 200, "\(own.text)")
        let answer = try await harness.call(.get, "/v1/\(other)&cursor=\(cursor)")
        #expect("\(answer.status) \(answer.problem)" == "400 invalid_parameter cursor")
    }
}

extension Answer {
    /// The names of the suppliers in a list.
    fileprivate var suppliers: [String] {
        guard case .array(let elements) = document["suppliers"] ?? .null else { return [] }
        return elements.compactMap { $0["name"]?.string }
    }
}
