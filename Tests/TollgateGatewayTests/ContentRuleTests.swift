import HTTP2Testing
import Testing
import TollgateCore
import TollgateEngine
import TollgateTesting
import TollgateWire

@testable import TollgateGateway

@Suite("Content rules, by all ways to ask")
struct ContentRuleTests {
    @Test("Each case of the table, asked by Envoy", arguments: try CaseBlock.read("content.txt"))
    func envoy(example: CaseBlock) throws {
        if let only = example.value("only"), only.text != "envoy" { return }
        let gateway = try GatewayHarness()
        try gateway.addKey(example)
        let message = try EnvoyMessage.bytes(of: example.withUsualPath.withKey)
        let answer = try gateway.answer(.envoyCheck, message)
        let response = try EnvoyResponse(#require(answer.messages.first))
        let body = response.lines.first { $0.hasPrefix("body ") }
        try expect(example, response.isAllow, body ?? "", gateway)
    }

    @Test("and by plain HTTP", arguments: try CaseBlock.read("content.txt"))
    func http(example: CaseBlock) throws {
        if let only = example.value("only"), only.text != "http" { return }
        let gateway = try GatewayHarness()
        try gateway.addKey(example)
        let block = example.withUsualPath.withKey
        let path = block.value("path")?.text ?? ""
        var head = "POST /authz/v1/check\(path) HTTP/1.1\r\nhost: a\r\n"
        for line in block.values("header") { head += line.text + "\r\n" }
        let body = block.value("body")?.value ?? []
        head += "content-length: \(body.count)\r\n\r\n"
        let connection = try gateway.harness.connect()
        try connection.send(Array(head.utf8) + body)
        gateway.harness.tick()
        let answer = String(decoding: try connection.receivedBytes(), as: UTF8.self)
        try expect(example, answer.hasPrefix("HTTP/1.1 200"), answer, gateway)
    }

    private func expect(
        _ example: CaseBlock,
        _ isAllowed: Bool,
        _ answer: String,
        _ gateway: GatewayHarness
    ) throws {
        let words = try #require(example.expected.first).split(separator: " ", maxSplits: 1)
        let entry = try #require(try gateway.log.entries().first)
        #expect(try gateway.log.entries().count == 1, "a question is recorded once")
        if words[0] == "allowed" {
            #expect(isAllowed, "\(answer)")
            #expect("\(entry.monitored.code)" == (words.count > 1 ? String(words[1]) : ""))
        } else {
            #expect(!isAllowed)
            #expect(answer.contains(#""code":"\#(words[0])""#), "\(answer)")
            if words.count > 1 { #expect(answer.contains(words[1]), "\(answer)") }
            #expect("\(entry.reason.code)" == words[0])
        }
    }

    @Test("A native check carries no content: what blocking rules would need denies")
    func native() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.notices.contentRules = [.init("x", isBlocking: true)] }
        let check = try answer(gateway, NativeMessage.check(model: "gpt-4o"))
        #expect(check.reason == "content_blocked")
        #expect(check.message.contains("could not be read whole"))
        let explained = try answer(
            gateway,
            NativeMessage.check(model: "gpt-4o", isDryRun: true, explains: true)
        )
        #expect(explained.reason == "content_blocked")
        #expect(explained.explanation.contains { $0.hasPrefix("content: denies") })
        #expect(try gateway.log.entries().count == 1)
    }

    @Test("A native check of a key that only wants to hear of content passes")
    func nativeAlert() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.notices.contentRules = [.init("x", isBlocking: false)] }
        #expect(try answer(gateway, NativeMessage.check(model: "gpt-4o")).isAllowed)
        let explained = NativeMessage.check(model: "gpt-4o", explains: true)
        #expect(try answer(gateway, explained).explanation.contains("content: passes"))
    }

    private func answer(_ gateway: GatewayHarness, _ message: [UInt8]) throws -> NativeResponse {
        let answer = try gateway.answer(.check, message)
        return try NativeResponse(#require(answer.messages.first))
    }
}

extension KeyNotices.ContentRule {
    fileprivate init(_ pattern: String, isBlocking: Bool) {
        self.init(name: "", pattern: pattern, isBlocking: isBlocking)
    }
}

extension CaseBlock {
    /// The same with the path of a chat, unless it has one.
    fileprivate var withUsualPath: CaseBlock {
        value("path") == nil ? adding("path", "/v1/chat/completions") : self
    }

    /// The same with the secret of the key.
    fileprivate var withKey: CaseBlock {
        adding("header", "authorization: Bearer \(GatewayHarness.secret)")
    }
}
