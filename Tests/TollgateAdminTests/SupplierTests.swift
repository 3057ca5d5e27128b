internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateEngine
internal import TollgateTesting

@Suite("Suppliers")
struct SupplierTests {
    private static let secret = "sk-canary-of-the-supplier"
    private let harness: AdminHarness

    init() throws {
        harness = try AdminHarness()
    }

    private func put(_ fields: String, headers: HTTPFields = [:]) async throws -> Answer {
        try await harness.call(
            .put,
            "/v1/suppliers",
            #"{"suppliers":[{"name":"openai-eu",\#(fields)}]}"#,
            headers: headers
        )
    }

    private let whole =
        #""provider":"openai","region":"EU","base_url":"https://eu.api.openai.com/v1","#
        + #""credential":{"type":"bearer","value":"sk-canary-of-the-supplier"}"#

    @Test("that are added, changed and forgotten leave a record of who and what, never of values")
    func recorded() async throws {
        let before = harness.actions.all.count
        _ = try await put(whole)
        _ = try await put(whole)
        let path = "/v1/suppliers/openai-eu"
        _ = try await harness.call(.patch, path, #"{"enabled":false}"#)
        _ = try await harness.call(.delete, path)
        _ = try await harness.call(.delete, path)
        let actions = harness.actions.all.dropFirst(before)
        #expect(
            actions.map(\.name) == [
                "supplier.created", "supplier.updated", "supplier.updated", "supplier.deleted",
            ]
        )
        #expect(actions.allSatisfy { $0.target == "openai-eu" && $0.actor != nil })
        #expect(actions.first?.fields.contains("credential") == true)
        #expect(actions.map(\.fields).suffix(2) == [["enabled"], []])
    }

    @Test("are added, read, listed, changed and forgotten, and no answer holds the credential")
    func life() async throws {
        let made = try await put(whole)
        #expect(made.status == 200)
        var answers = [made]
        answers.append(try await harness.call(.get, "/v1/suppliers"))
        answers.append(try await harness.call(.get, "/v1/suppliers/openai-eu"))
        answers.append(
            try await harness.call(.patch, "/v1/suppliers/openai-eu", #"{"enabled":false}"#)
        )
        let shown = answers[2].document
        #expect(shown["has_credential"] == true)
        #expect(shown["credential_type"] == "bearer")
        #expect(shown["credential"] == nil)
        #expect(answers[3].document["enabled"] == false)
        #expect(harness.suppliers.catalogue["openai-eu"] == nil)
        answers.append(try await harness.call(.delete, "/v1/suppliers/openai-eu"))
        answers.append(try await harness.call(.get, "/v1/suppliers/openai-eu"))
        #expect(answers.map(\.status) == [200, 200, 200, 200, 200, 404])
        for answer in answers { #expect(!answer.text.contains("canary")) }
    }

    @Test("are told apart by more than capitals, as requests find them without regard to those")
    func capitals() async throws {
        _ = try await put(whole)
        let other = #"{"suppliers":[{"name":"OpenAI-EU","provider":"p","base_url":"https://h"}]}"#
        let answer = try await harness.call(.put, "/v1/suppliers", other)
        #expect(answer.problem == "invalid_field suppliers[0].name")
        #expect(harness.suppliers.catalogue["OPENAI-eu"]?.name == "openai-eu")
    }

    @Test("let requests in by the header that their credential is for")
    func headers() async throws {
        _ = try await put(whole)
        let header = try #require(harness.suppliers.catalogue["openai-eu"]?.header)
        #expect(header.name == "authorization")
        #expect(header.value == "Bearer \(SupplierTests.secret)")
        #expect(!"\(header)".contains("canary"))
        let other = #"{"credential":{"type":"header","header":"X-Key","value":"v"}}"#
        _ = try await harness.call(.patch, "/v1/suppliers/openai-eu", other)
        #expect(harness.suppliers.catalogue["openai-eu"]?.header?.name == "x-key")
        let basic = #"{"credential":{"type":"basic","value":"Aladdin:open sesame"}}"#
        _ = try await harness.call(.patch, "/v1/suppliers/openai-eu", basic)
        // RFC 7617 section 2.
        #expect(
            harness.suppliers.catalogue["openai-eu"]?.header?.value
                == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        )
        _ = try await harness.call(.patch, "/v1/suppliers/openai-eu", #"{"credential":null}"#)
        #expect(harness.suppliers.catalogue["openai-eu"]?.header == nil)
    }

    @Test("keep their credential when they are changed, but not when they move to another host")
    func moving() async throws {
        _ = try await put(whole)
        let path = "/v1/suppliers/openai-eu"
        let same = #"{"base_url":"https://eu.api.openai.com/v2","region":"DE"}"#
        #expect(try await harness.call(.patch, path, same).status == 200)
        #expect(
            harness.suppliers.catalogue["openai-eu"]?.header?.value
                == "Bearer \(SupplierTests.secret)"
        )
        let thief = #"{"base_url":"https://thief.example/v1"}"#
        let answer = try await harness.call(.patch, path, thief)
        #expect(answer.status == 400)
        #expect(answer.problem == "invalid_field credential")
        let disguised = #"{"host_header":"thief.example"}"#
        #expect(
            try await harness.call(.patch, path, disguised).problem == "invalid_field credential"
        )
        let replaced = try await put(#""provider":"openai","base_url":"http://eu.api.openai.com""#)
        #expect(replaced.problem == "invalid_field suppliers[0].credential")
        #expect(
            harness.suppliers.catalogue["openai-eu"]?.baseURL == "https://eu.api.openai.com/v2"
        )
    }

    @Test("are changed only from the version that was seen")
    func versions() async throws {
        _ = try await put(whole)
        let list = try #require(try await harness.call(.get, "/v1/suppliers").headers[.eTag])
        let path = "/v1/suppliers/openai-eu"
        let tag = try #require(try await harness.call(.get, path).headers[.eTag])
        #expect(
            try await harness.call(.patch, path, "{}", headers: [.ifMatch: tag]).status == 200
        )
        #expect(
            try await harness.call(.patch, path, "{}", headers: [.ifMatch: tag]).status == 412
        )
        #expect(try await put(whole, headers: [.ifMatch: list]).status == 412)
        #expect(try await harness.call(.delete, path, headers: [.ifMatch: tag]).status == 412)
    }
}
