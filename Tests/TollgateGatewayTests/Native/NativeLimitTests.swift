import Testing
import TollgateCore

@testable import TollgateGateway

@Suite("What an answer in our own words tells of limits")
struct NativeLimitTests {
    @Test("Each case of the table", arguments: try CaseBlock.read("native-limits.txt"))
    func table(example: CaseBlock) throws {
        let gateway = try GatewayHarness()
        try gateway.addKey(example)
        for line in example.values("asked") {
            let earlier = NativeMessage.check(
                model: example.value("model")?.text ?? "",
                tokens: UInt64(line.text) ?? 0
            )
            #expect(try gateway.answer(.check, earlier).status == "0")
        }
        let answer = try gateway.answer(.check, message(of: example))
        #expect(answer.status == "0")
        let response = try NativeResponse(#require(answer.messages.first))
        #expect(try response.lines() == example.expected)
    }

    @Test(
        "A sentence is one sentence, and nothing in it would have to be escaped",
        arguments: try CaseBlock.read("native-limits.txt")
    )
    func sentence(example: CaseBlock) throws {
        let sentence = try #require(example.expected.first { $0.hasPrefix("message ") })
        #expect(sentence.hasSuffix("."))
        #expect(sentence.replacing(/\d\.\d/, with: "").dropLast().contains(".") == false)
        #expect(sentence.allSatisfy { $0.isASCII && $0 >= " " && $0 != "\"" && $0 != "\\" })
    }

    @Test("Every limit has its sentence in the table")
    func completeness() throws {
        let denials = try CaseBlock.read("native-limits.txt").flatMap { example in
            example.expected.first { $0.hasPrefix("denied") } == nil
                ? [] : example.expected.filter { $0.hasPrefix("limit ") }.prefix(1)
        }
        for name in LimitName.allCases {
            #expect(denials.contains { $0.contains(" \(name.text): ") }, "\(name.text)")
        }
    }

    @Test(
        "The status of what is used up is the operator's choice, of everything else it is not",
        arguments: BudgetStatus.allCases
    )
    func budgetStatus(status: BudgetStatus) throws {
        var configuration = GatewayConfiguration()
        configuration.budgetStatus = status
        for reason in Reason.allCases {
            let isChosen = reason.httpStatus == 402
            let expected = isChosen ? status.rawValue : reason.httpStatus
            #expect(configuration.status(of: reason) == expected)
        }
        let gateway = try GatewayHarness(configuration: configuration)
        try gateway.addKey { $0.limits.requests.total = 0 }
        let answer = try gateway.answer(.check, NativeMessage.check())
        let response = try NativeResponse(#require(answer.messages.first))
        #expect(response.reason == "request_quota_exceeded")
        #expect(response.status == UInt64(status.rawValue))
    }

    @Test("An explanation shows the counters that the decision saw")
    func explanation() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.limits.requests.total = 1 }
        let client = try gateway.client()
        let first = try client.call(.check, NativeMessage.check(explains: true))
        let allowed = try NativeResponse(#require(client.answer(first).messages.first))
        #expect(allowed.isAllowed)
        #expect(allowed.explanation.contains("key request_limits.total: 1 of 1 left"))
        let second = try client.call(.check, NativeMessage.check(explains: true))
        let denied = try NativeResponse(#require(client.answer(second).messages.first))
        #expect(!denied.isAllowed)
        #expect(
            denied.explanation.contains(
                "key request_limits.total: 0 of 1 left, denies (request_quota_exceeded)"
            )
        )
    }

    private func message(of example: CaseBlock) throws -> [UInt8] {
        func number(_ name: String) -> UInt64 {
            example.value(name).flatMap { UInt64($0.text) } ?? 0
        }
        return NativeMessage.check(
            model: example.value("model")?.text ?? "",
            tokens: number("tokens"),
            inputTokens: number("input"),
            isDryRun: example.value("dry-run") != nil
        )
    }
}
