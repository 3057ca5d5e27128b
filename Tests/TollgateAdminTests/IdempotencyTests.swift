import HTTPTypes
import Testing
import TollgateCore
import TollgateEngine
import TollgateTesting

@testable import TollgateAdmin

@Suite("A POST with an Idempotency-Key")
struct IdempotencyTests {
    private let harness: AdminHarness

    init() throws {
        harness = try AdminHarness()
    }

    private func post(
        _ key: String,
        _ body: String = #"{"name":"a"}"#,
        to path: String = "/v1/keys",
        as caller: AdminHarness.Caller = .admin
    ) async throws -> Answer {
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        return try await harness.call(.post, path, body, as: caller, headers: [name: key])
    }

    private func keyCount() async throws -> Int {
        try await harness.call(.get, "/v1/keys?limit=1000").names.count
    }

    @Test("is carried out once, and repeats get the same answer, secret included")
    func repeats() async throws {
        let before = try await keyCount()
        let first = try await post("one")
        #expect(first.status == 201)
        let second = try await post("one")
        #expect(second.status == 201)
        #expect(second.text == first.text)
        #expect(second.headers[.eTag] == first.headers[.eTag])
        #expect(second.headers[.location] == first.headers[.location])
        #expect(try await keyCount() == before + 1)
        #expect(try await post("two").text != first.text)
    }

    @Test("is another request for another body, and refused")
    func otherBody() async throws {
        _ = try await post("one")
        let answer = try await post("one", #"{"name":"b"}"#)
        #expect(answer.status == 422)
        #expect(answer.problem == "idempotency_key_reused Idempotency-Key")
    }

    @Test("is another request for another operation or another caller")
    func otherOperation() async throws {
        let id = try #require(try await post("one")["id"])
        #expect(try await post("one", #"{"id":"x"}"#, to: "/v1/organizations").status == 201)
        #expect(try await post("one", "", to: "/v1/keys/\(id)/disable").status == 200)
        #expect(try await post("one", "", to: "/v1/keys/\(id)/enable").status == 200)
        let other = try await harness.create(#"{"name":"o","permissions":{"manage_keys":true}}"#)
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        let answer = try await harness.call(
            .post,
            "/v1/keys",
            #"{"name":"b"}"#,
            as: .nobody,
            headers: [.authorization: "Bearer \(other["api_key"]?.string ?? "")", name: "one"]
        )
        #expect(answer.status == 201)
    }

    @Test("may be sent again after a refusal, which has changed nothing")
    func refusal() async throws {
        #expect(try await post("one", #"{"name":""}"#).status == 400)
        #expect(try await post("one").status == 201)
    }

    @Test("is not carried out twice when it was done, but could not be recorded")
    func unrecorded() async throws {
        try await harness.createGroups()
        func pay() async throws -> Answer {
            try await post("one", #"{"amount":5}"#, to: "/v1/organizations/acme/credits")
        }
        harness.actions.breaks(true)
        let first = try await pay()
        #expect(first.status == 500)
        #expect(first.problem == "not_recorded")
        harness.actions.breaks(false)
        let second = try await pay()
        #expect(second.status == 500)
        #expect(second.text == first.text)
        let acme = try await harness.call(.get, "/v1/organizations/acme").document
        #expect(acme["credits"] == 5)
        let other = try await post("one", #"{"amount":6}"#, to: "/v1/organizations/acme/credits")
        #expect(other.problem == "idempotency_key_reused Idempotency-Key")
    }

    @Test("has its secret for ten minutes, and its answer for a day")
    func ages() async throws {
        let first = try await post("one")
        harness.clock.advance(seconds: 599)
        #expect(try await post("one").text == first.text)
        harness.clock.advance(seconds: 2)
        let later = try await post("one").document
        #expect(later["api_key"] == nil)
        #expect(later["id"] == first.document["id"])
        harness.clock.advance(seconds: 24 * 3600)
        #expect(try await post("one").document["id"] != first.document["id"])
    }

    @Test(
        "must be 1 to 255 visible characters",
        arguments: ["", "a b", "ä", String(repeating: "k", count: 256)]
    )
    func format(key: String) async throws {
        let answer = try await post(key)
        #expect(answer.status == 400)
        #expect(answer.problem == "invalid_header Idempotency-Key")
        #expect(try await post(String(repeating: "k", count: 255)).status == 201)
    }

    // MARK: The memory

    private func key(_ text: String) throws -> IdempotencyKey {
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        let call = APICall(
            principal: .init(keyID: KeyID(rawValue: 1), permissions: .all),
            id: nil,
            query: "",
            headers: [name: text],
            body: []
        )
        return try #require(try IdempotencyKey(of: call, "CreateKey"))
    }

    @Test("While the first is carried out, a repeat is told so, and another body is refused")
    func running() throws {
        let memory = AnswerMemory()
        let now = MonotonicTime(nanoseconds: 0)
        guard case .carryOut = try memory.begin(try key("a"), 1, at: now) else {
            Issue.record("a new request is a repeat")
            return
        }
        #expect(throws: APIError.idempotencyKeyInUse) { try memory.begin(key("a"), 1, at: now) }
        #expect(throws: APIError.idempotencyKeyReused) { try memory.begin(key("a"), 2, at: now) }
        memory.abandon(try key("a"))
        guard case .carryOut = try memory.begin(try key("a"), 2, at: now) else {
            Issue.record("what was refused is remembered")
            return
        }
    }

    @Test("The oldest answers make room, and secrets leave memory without being asked for")
    func bounds() throws {
        let memory = AnswerMemory()
        let reply = APIReply(["id": "x", "keys": .array([["api_key": "secret"]])])
        for number in 0..<(AnswerMemory.countLimit + 10) {
            let now = MonotonicTime(nanoseconds: Int64(number))
            _ = try memory.begin(try key("\(number)"), 1, at: now)
            _ = memory.finish(try key("\(number)"), 1, reply, at: now)
        }
        #expect(memory.counts.answers == AnswerMemory.countLimit)
        #expect(memory.counts.secrets == AnswerMemory.countLimit)
        memory.forgetSecrets(at: MonotonicTime(nanoseconds: 601 * 1_000_000_000))
        #expect(memory.counts.answers == AnswerMemory.countLimit)
        #expect(memory.counts.secrets == 0)
        let now = MonotonicTime(nanoseconds: 601 * 1_000_000_000)
        guard case .repeated(let answer) = try memory.begin(try key("500"), 1, at: now) else {
            Issue.record("the answer is forgotten")
            return
        }
        #expect(answer.document == ["id": "x", "keys": .array([[:]])])
    }
}

extension Answer {
    fileprivate subscript(name: String) -> String? { document[name]?.string }
}
