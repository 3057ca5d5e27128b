import HTTP2Testing
import Testing
import TollgateCore
import TollgateEngine
import TollgateTesting

@testable import TollgateGateway

@Suite("A check in our own words")
struct NativeCheckTests {
    private func ask(
        _ gateway: GatewayHarness,
        _ message: [UInt8]
    ) throws -> NativeResponse {
        let answer = try gateway.answer(.check, message)
        #expect(answer.status == "0")
        return try NativeResponse(#require(answer.messages.first))
    }

    @Test("An allow names the key and the reservation")
    func allow() throws {
        let gateway = try GatewayHarness()
        let record = try gateway.addKey()
        let response = try ask(gateway, NativeMessage.check(model: "gpt-4o"))
        #expect(response.isAllowed)
        #expect(response.reason.isEmpty)
        #expect(response.status == 200)
        #expect(response.keyID == record.id.description)
        #expect(response.reservation.hasPrefix("rs_"))
        #expect(response.explanation.isEmpty)
    }

    @Test("A denial is an answer, with reason and status and without a reservation")
    func denial() throws {
        let gateway = try GatewayHarness()
        let record = try gateway.addKey { $0.models.allowed = ["gpt-4o"] }
        let response = try ask(gateway, NativeMessage.check(model: "gpt-4"))
        #expect(!response.isAllowed)
        #expect(response.reason == "model_not_allowed")
        #expect(response.message == "The API key may not use this model.")
        #expect(response.status == 403)
        #expect(response.keyID == record.id.description)
        #expect(response.reservation.isEmpty)
    }

    @Test("An empty question is denied for the key that is missing")
    func empty() throws {
        let response = try ask(GatewayHarness(), [])
        #expect(!response.isAllowed)
        #expect(response.reason == "missing_api_key")
        #expect(response.status == 401)
    }

    @Test("A model's provider is filled in from the catalogue, unless the caller names one")
    func provider() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.providers.denied = ["openai"] }
        let filled = try ask(gateway, NativeMessage.check(model: "four-o"))
        #expect(filled.reason == "provider_not_allowed")
        let named = try ask(gateway, NativeMessage.check(model: "four-o", provider: "azure"))
        #expect(named.isAllowed)
        let entries = try gateway.log.entries()
        #expect(entries.map { $0[.provider] } == ["openai", "azure"])
        #expect(entries.map { $0[.model] } == ["four-o", "four-o"])
    }

    @Test("The action is chat when the caller names none")
    func action() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        _ = try ask(gateway, NativeMessage.check())
        #expect(try gateway.log.entries().first?[.action] == "chat:completions")
    }

    @Test("A dry run is decided like any other and leaves nothing behind")
    func dryRun() throws {
        let gateway = try GatewayHarness(waitsForDurability: true)
        let record = try gateway.addKey { $0.models.allowed = ["gpt-4o"] }
        gateway.journal.fault = .holdsSyncs
        let allowed = try ask(gateway, NativeMessage.check(model: "gpt-4o", isDryRun: true))
        #expect(allowed.isAllowed)
        #expect(allowed.reservation.isEmpty)
        #expect(allowed.keyID == record.id.description)
        let denied = try ask(gateway, NativeMessage.check(model: "gpt-4", isDryRun: true))
        #expect(denied.reason == "model_not_allowed")
        #expect(gateway.log.appended.isEmpty)
    }

    @Test("An explanation has a line for each check, in the order of the decision")
    func explanation() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { record in
            record.models.allowed = ["gpt-4o"]
            record.regions.allowed = ["EU"]
        }
        let response = try ask(gateway, NativeMessage.check(model: "gpt-4o", explains: true))
        #expect(response.reason == "region_not_allowed")
        #expect(
            response.explanation == [
                "key: passes", "address: passes", "model: passes", "provider: passes",
                "supplier: passes", "region: denies (region_not_allowed)", "action: passes",
                "asks for 1 request, 0 tokens, 0 nano-USD at most",
            ]
        )
    }

    @Test(
        "Without a key the explanation says why there is none",
        arguments: [("", "missing_api_key"), ("nobody's", "invalid_api_key")]
    )
    func explanationWithoutKey(key: String, reason: String) throws {
        let response = try ask(GatewayHarness(), NativeMessage.check(key: key, explains: true))
        #expect(response.explanation == ["key: denies (\(reason))"])
    }

    @Test(
        "What is malformed is an invalid argument, and is not journalled",
        arguments: try CaseBlock.read("native-malformed.txt")
    )
    func malformed(example: CaseBlock) throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let bytes = try #require(example.value("message")).value
        let answer = try gateway.answer(.check, Protobuf.field(1, GatewayHarness.secret) + bytes)
        #expect(answer.status == "3")
        #expect(answer.message == example.expected.first)
        #expect(answer.messages.isEmpty)
        #expect(gateway.log.appended.isEmpty)
    }

    @Test("After a malformed message the next question is a new one")
    func recovery() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.models.allowed = ["gpt-4o"] }
        let client = try gateway.client()
        _ = try client.send(.check, NativeMessage.check(model: "gpt-4o") + [0x0A])
        let bare = try client.send(.check, Protobuf.field(2, "gpt-4o"))
        let modelless = try client.send(.check, NativeMessage.check())
        gateway.harness.tick()
        let first = try NativeResponse(#require(client.answer(bare).messages.first))
        #expect(first.reason == "missing_api_key")
        let second = try NativeResponse(#require(client.answer(modelless).messages.first))
        #expect(second.reason == "model_not_allowed")
    }
}
