import HTTP2Testing
import Testing
import TollgateCore
import TollgateEngine
import TollgateTesting
import TollgateTransport

@testable import TollgateGateway

@Suite("Usage that Envoy tells")
struct UsageBackTests {
    private static let whole =
        #"{"model":"gpt-4o","usage":{"prompt_tokens":100,"completion_tokens":10}}"#
    /// 100 tokens at 2.5 USD a million and 10 at 10.
    private static let cost: Int64 = 350_000
    private static let words = ["a", "b", "c"].map { word in
        "data: {\"choices\":[{\"delta\":{\"content\":\"\(word)\"}}]}\n\n"
    }

    /// Has a request allowed that takes a thousand tokens, and gives back its reservation.
    private func reservation(_ gateway: GatewayHarness) throws -> String {
        let question = NativeMessage.check(model: "gpt-4o", tokens: 1000, inputTokens: 400)
        let answer = try gateway.answer(.check, question)
        return try NativeResponse(#require(answer.messages.first)).reservation
    }

    /// What a report gets to know that comes behind everything: how the reservation has ended.
    private func ending(_ gateway: GatewayHarness, _ rid: String) throws -> SettleAnswer {
        let answer = try gateway.answer(.settle, NativeMessage.settle(rid, input: 1))
        return try SettleAnswer(#require(answer.messages.first))
    }

    private func harness() throws -> GatewayHarness {
        let gateway = try GatewayHarness()
        gateway.health.set(.serving)
        try gateway.addKey()
        return gateway
    }

    // MARK: Answers that pass by

    @Test("An answer that has passed by is settled to the token, and its stream ended unasked")
    func settled() throws {
        let gateway = try harness()
        let rid = try reservation(gateway)
        let held = UsageMessage.held(rid)
        let client = try gateway.client()
        let body = Self.whole
        let middle = body.index(body.startIndex, offsetBy: 40)
        let call = try client.begin(
            .process,
            [
                UsageMessage.headers(held), UsageMessage.body(held, String(body[..<middle])),
                UsageMessage.body(held, String(body[middle...])),
            ]
        )
        #expect(try client.answer(call).status == nil)
        try client.send(UsageMessage.body(held, "", isLast: true), on: call)
        let answer = try client.answer(call)
        #expect(answer.status == "0")
        #expect(answer.messages.isEmpty, "who only tells is answered nothing")
        #expect(gateway.service.processing.isEmpty)
        #expect(try ending(gateway, rid) == SettleAnswer("duplicate", cost: Self.cost))
    }

    @Test("A proxy that waits for answers is told to go on, part by part")
    func normalMode() throws {
        let gateway = try harness()
        let rid = try reservation(gateway)
        let held = UsageMessage.held(rid)
        let client = try gateway.client()
        let call = try client.begin(
            .process,
            [
                held + Protobuf.field(2, []), held + Protobuf.field(3, []),
                held + UsageMessage.piece(Self.whole), held + Protobuf.field(7, []),
            ]
        )
        let answer = try client.answer(call)
        #expect(answer.messages == [[0x0A, 0], [0x12, 0], [0x22, 0], [0x32, 0]])
        #expect(answer.status == "0")
        #expect(try ending(gateway, rid) == SettleAnswer("duplicate", cost: Self.cost))
    }

    @Test("Of an answer that ends midway counts what was seen, and the prompt that was held")
    func hungUp() throws {
        for (isReset, told) in [(false, 400), (true, 400), (true, nil)] as [(Bool, Double?)] {
            let gateway = try harness()
            let rid = try reservation(gateway)
            let held = UsageMessage.held(rid, input: told)
            let client = try gateway.client()
            let parts = Self.words.map { UsageMessage.body(held, $0) }
            let call = try client.begin(.process, [UsageMessage.headers(held)] + parts)
            if isReset { try client.cancel(call) } else { try client.end(call) }
            // 400 tokens at 2.5 USD a million and 3 at 10.
            #expect(try ending(gateway, rid) == SettleAnswer("duplicate", cost: 1_030_000))
        }
    }

    @Test("An error of the upstream gives everything back")
    func failed() throws {
        let gateway = try harness()
        let rid = try reservation(gateway)
        let held = UsageMessage.held(rid)
        let client = try gateway.client()
        let parts = [
            UsageMessage.headers(held, status: "500"),
            UsageMessage.body(held, #"{"error":{"message":"no"}}"#, isLast: true),
        ]
        _ = try client.begin(.process, parts)
        #expect(try ending(gateway, rid) == SettleAnswer("duplicate", cost: 0))
    }

    @Test(
        "An answer that tells nothing ends by the key's policy, and a report still counts",
        arguments: UnsettledPolicy.allCases
    )
    func untold(policy: UnsettledPolicy) throws {
        let gateway = try GatewayHarness()
        gateway.health.set(.serving)
        try gateway.addKey { record in
            record.unsettled = policy
            record.limits.tokens.total = 1000
            record.limits.rates.concurrent = 1
        }
        let rid = try reservation(gateway)
        let held = UsageMessage.held(rid)
        let parts = [
            UsageMessage.headers(held, [("content-encoding", "gzip")]),
            UsageMessage.body(held, Self.whole, isLast: true),
        ]
        _ = try gateway.client().begin(.process, parts)
        let left: UInt64 = [.charge: 0, .chargeInput: 600, .release: 1000][policy] ?? 0
        let next = try gateway.answer(.check, NativeMessage.check(tokens: left + 1))
        #expect(try !NativeResponse(#require(next.messages.first)).isAllowed)
        if left > 0 {
            let last = try gateway.answer(.check, NativeMessage.check(tokens: left))
            #expect(try NativeResponse(#require(last.messages.first)).isAllowed)
        }
        let report = NativeMessage.settle(rid, input: 100, output: 10)
        let answer = try gateway.answer(.settle, report)
        let outcome = try SettleAnswer(#require(answer.messages.first))
        #expect(outcome == SettleAnswer("late", cost: Self.cost))
    }

    @Test("A request without a reservation is let go at once")
    func stranger() throws {
        let gateway = try harness()
        let client = try gateway.client()
        let blocks = gateway.log.appended.count
        let call = try client.begin(.process, [UsageMessage.headers([])])
        #expect(try client.answer(call).status == "0")
        #expect(gateway.service.processing.isEmpty)
        #expect(gateway.log.appended.count == blocks)
    }

    @Test("The reservation may come as a header or an attribute as well")
    func otherWays() throws {
        for way in 0..<2 {
            let gateway = try harness()
            let rid = try reservation(gateway)
            let attribute = Protobuf.pair(1, "request.x", Protobuf.field(3, rid))
            let attributes = Protobuf.pair(9, "envoy.filters.http.ext_proc", attribute)
            let first =
                way == 0
                ? UsageMessage.headers([], [("x-tollgate-reservation", rid)])
                : UsageMessage.headers(attributes)
            let parts = [first, UsageMessage.body([], Self.whole, isLast: true)]
            _ = try gateway.client().begin(.process, parts)
            #expect(try ending(gateway, rid) == SettleAnswer("duplicate", cost: Self.cost))
        }
    }

    @Test("What is malformed ends its stream, and its hold by the key's policy")
    func malformed() throws {
        let gateway = try harness()
        let rid = try reservation(gateway)
        let client = try gateway.client()
        let parts = [UsageMessage.headers(UsageMessage.held(rid)), [0x0A]]
        let call = try client.begin(.process, parts)
        #expect(try client.answer(call).status == "3")
        #expect(try ending(gateway, rid).outcome == "late")
    }

    @Test("A server that stops settles nothing that goes on without it")
    func stopping() throws {
        let gateway = try harness()
        let rid = try reservation(gateway)
        let held = UsageMessage.held(rid)
        let client = try gateway.client()
        let parts = [UsageMessage.headers(held), UsageMessage.body(held, Self.words[0])]
        let call = try client.begin(.process, parts)
        gateway.health.set(.notServing)
        try client.cancel(call)
        gateway.health.set(.serving)
        #expect(try ending(gateway, rid).outcome == "applied")
    }

    // MARK: Access logs

    @Test("An entry with counts settles, an error gives back, and what was settled stays")
    func logged() throws {
        let gateway = try harness()
        let rids = try (0..<3).map { _ in try reservation(gateway) }
        let counts = UsageMessage.metadata(
            17,
            "tollgate.usage",
            numbers: [("prompt_tokens", 100), ("completion_tokens", 10)]
        )
        let settled = try gateway.answer(.settle, NativeMessage.settle(rids[2], input: 7))
        #expect(settled.status == "0")
        let named = rids.map { UsageMessage.metadata(17, texts: [("rid", $0)]) }
        let message = UsageMessage.log([
            (named[0] + counts, 200), (named[1], 502), (named[2] + counts, 200), ([], 200),
        ])
        let client = try gateway.client()
        let call = try client.begin(.accessLogs, [message])
        #expect(try client.answer(call).status == nil, "a log is not ended")
        #expect(try ending(gateway, rids[0]) == SettleAnswer("duplicate", cost: Self.cost))
        #expect(try ending(gateway, rids[1]) == SettleAnswer("duplicate", cost: 0))
        #expect(try ending(gateway, rids[2]) == SettleAnswer("duplicate", cost: 17_500))
        try client.end(call)
        let answer = try client.answer(call)
        #expect(answer.status == "0")
        #expect(answer.messages == [[]])
    }

    @Test("An entry without counts waits for a report, and then ends the hold by the policy")
    func closed() throws {
        let gateway = try harness()
        let rids = try (0..<2).map { _ in try reservation(gateway) }
        let entries = rids.map { rid in
            (properties: UsageMessage.metadata(17, texts: [("rid", rid)]), status: 200 as UInt64)
        }
        _ = try gateway.client().begin(.accessLogs, [UsageMessage.log(entries)])
        let report = NativeMessage.settle(rids[0], input: 100, output: 10)
        let first = try gateway.answer(.settle, report)
        #expect(
            try SettleAnswer(#require(first.messages.first))
                == SettleAnswer("applied", cost: Self.cost)
        )
        gateway.harness.advance(seconds: 7)
        #expect(try ending(gateway, rids[0]) == SettleAnswer("duplicate", cost: Self.cost))
        #expect(try ending(gateway, rids[1]).outcome == "late")
    }

    @Test("An entry that tells of a beginning ends nothing")
    func beginnings() throws {
        let gateway = try harness()
        let rid = try reservation(gateway)
        let named = UsageMessage.metadata(17, texts: [("rid", rid)]) + Protobuf.field(33, 4)
        _ = try gateway.client().begin(.accessLogs, [UsageMessage.log([(named, 502)])])
        #expect(try ending(gateway, rid).outcome == "applied")
    }

    // MARK: Rate limits

    @Test("Hits are added up by kind, negative ones taken off, and every descriptor is fine")
    func hits() throws {
        let gateway = try harness()
        let rid = try reservation(gateway)
        func descriptor(_ phase: String, _ hits: UInt64, _ isNegative: Bool = false) -> [UInt8] {
            let entries = [("phase", phase), ("rid", rid), ("model", "gpt-4o")]
            return UsageMessage.descriptor(entries, hits: hits, isNegative: isNegative)
        }
        let message =
            descriptor("prompt", 110) + descriptor("prompt", 10, true)
            + descriptor("completion", 10)
        let answer = try gateway.answer(.rateLimit, message)
        #expect(answer.messages == [[8, 1, 0x12, 2, 8, 1, 0x12, 2, 8, 1, 0x12, 2, 8, 1]])
        #expect(try ending(gateway, rid) == SettleAnswer("duplicate", cost: Self.cost))
    }

    @Test("Descriptors that count nothing settle nothing")
    func noHits() throws {
        let gateway = try harness()
        let rid = try reservation(gateway)
        let message = UsageMessage.descriptor([("rid", rid)], hits: 3)
        #expect(try gateway.answer(.rateLimit, message).status == "0")
        #expect(try ending(gateway, rid).outcome == "applied")
    }
}
