import Testing
import TollgateCore
import TollgateEngine
import TollgateTesting

@testable import TollgateGateway

@Suite("The answer to Envoy")
struct EnvoyAnswerTests {
    private static let id = "\(KeyRecord.sample().id)"
    private static let mistyped = GatewayHarness.secret.replacing(/.$/) { match in
        match.output == "0" ? "1" : "0"
    }
    private static let placeholders = [
        "key": GatewayHarness.secret, "mistyped": mistyped, "id": id,
    ]

    @Test(
        "Each case of the table",
        arguments: try CaseBlock.read("envoy/answers.txt", placeholders: placeholders)
            + CaseBlock.read("envoy/limits.txt", placeholders: placeholders)
            + CaseBlock.read("envoy/suppliers.txt", placeholders: placeholders)
    )
    func table(example: CaseBlock) throws {
        let gateway = try GatewayHarness(configuration: EnvoyMessage.configuration(of: example))
        try gateway.addKey(example)
        try gateway.setUpSuppliers(example)
        let message = try EnvoyMessage.bytes(of: example)
        let before = example.value("asked").flatMap { Int($0.text) } ?? 0
        for _ in 0..<before { _ = try gateway.answer(.envoyCheck, message) }
        let answer = try gateway.answer(.envoyCheck, message)
        #expect(answer.status == "0")
        let response = try EnvoyResponse(#require(answer.messages.first))
        #expect(response.lines.map(withoutReservation) == example.expected)
        // Those without a key are in one row for all.
        try gateway.engine.recordAllStrangers()
        let entries = try gateway.log.entries()
        #expect(entries.reduce(0) { $0 + ($1.crowd?.count ?? 1) } == UInt64(before + 1))
        #expect((entries.last?.reason == .allowed) == response.isAllow)
    }

    @Test(
        "Nothing hostile is ever allowed, and no answer is empty",
        arguments: try CaseBlock.read("envoy/hostile.txt", placeholders: placeholders)
    )
    func hostile(example: CaseBlock) throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let answer = try gateway.answer(.envoyCheck, EnvoyMessage.bytes(of: example))
        if answer.status == "0" {
            let bytes = try #require(answer.messages.first)
            #expect(!bytes.isEmpty)
            #expect(try !EnvoyResponse(bytes).isAllow)
        } else {
            #expect(answer.status == "3")
            #expect(answer.messages.isEmpty)
        }
        #expect(try gateway.log.entries().allSatisfy { $0.reason != .allowed })
    }

    @Test("A message cut off at any byte, or damaged at any, is answered and never empty")
    func damaged() throws {
        let gateway = try GatewayHarness()
        let record = try gateway.addKey { $0.models.allowed = ["gpt-4o"] }
        let example = try #require(
            try CaseBlock.read("envoy/answers.txt", placeholders: Self.placeholders).first
        )
        let message = try EnvoyMessage.bytes(of: example)
        let client = try gateway.client()
        var damaged = message.indices.map { Array(message.prefix($0)) }
        for place in message.indices {
            var copy = message
            copy[place] ^= 0x11
            damaged.append(copy)
        }
        for bytes in damaged {
            let call = try client.call(.envoyCheck, bytes)
            let answer = try client.answer(call)
            guard answer.status == "0" else {
                #expect(answer.status == "3")
                continue
            }
            let response = try EnvoyResponse(#require(answer.messages.first))
            #expect(!response.lines.isEmpty)
            if response.isAllow {
                #expect(response.lines.contains("metadata key_id: \(record.id)"))
                #expect(response.lines.contains("metadata model: gpt-4o"))
            }
        }
    }

    @Test("No answer repeats the secret")
    func secrecy() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let allowed = Protobuf.pair(3, "x-api-key", Array(GatewayHarness.secret.utf8))
        let denied = allowed + Protobuf.pair(3, "api-key", Array("another-secret".utf8))
        for headers in [allowed, denied] {
            let message = Protobuf.field(1, Protobuf.field(4, Protobuf.field(2, headers)))
            let bytes = try #require(try gateway.answer(.envoyCheck, message).messages.first)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(!text.contains(GatewayHarness.secret))
            #expect(!text.contains("another-secret"))
        }
        for block in gateway.log.appended {
            let text = String(decoding: block, as: UTF8.self)
            #expect(!text.contains(GatewayHarness.secret))
            #expect(!text.contains("another-secret"))
        }
    }

    private func withoutReservation(_ line: String) -> String {
        line.replacing(/rs_[0-9a-z]{26}/, with: "<rid>")
    }
}
