import HTTP2Testing
import Testing
import TollgateCore
import TollgateEngine
import TollgateTesting
import TollgateTransport

@testable import TollgateGateway

@Suite("A stream of checks")
struct CheckStreamTests {
    private static let lost = StorageError(.io, "the disk is gone")

    /// The models that were allowed and denied, in the order of the answers.
    private func verdicts(_ answer: GatewayClient.Answer) throws -> [Bool] {
        try answer.messages.map { try NativeResponse($0).isAllowed }
    }

    @Test("Questions that come at once are answered in their order, in one block")
    func pipeline() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.models.allowed = ["even"] }
        let client = try gateway.client()
        let questions = (0..<200).map { NativeMessage.check(model: $0 % 2 == 0 ? "even" : "odd") }
        let call = try client.begin(.checkStream, questions)
        let answer = try client.answer(call)
        #expect(try verdicts(answer) == (0..<200).map { $0 % 2 == 0 })
        #expect(answer.status == nil, "the stream goes on")
        #expect(Set(try gateway.log.entries().map(\.reservation)).count == 101)
    }

    @Test("An answer is the same as to a single question")
    func sameAnswer() throws {
        for question in [
            NativeMessage.check(model: "gpt-4o", tokens: 50, explains: true),
            NativeMessage.check(model: "other"), NativeMessage.check(key: ""),
        ] {
            let gateways = try (0..<2).map { _ in try GatewayHarness() }
            for gateway in gateways {
                try gateway.addKey { record in
                    record.models.allowed = ["gpt-4o"]
                    record.limits.rates.perMinute = 60
                }
            }
            let single = try gateways[0].answer(.check, question)
            let client = try gateways[1].client()
            let streamed = try client.answer(client.begin(.checkStream, [question], ends: true))
            #expect(streamed.status == "0")
            let lines = try [single, streamed].map { answer in
                let response = try NativeResponse(#require(answer.messages.first))
                return try response.lines() + response.explanation
            }
            #expect(lines[0] == lines[1])
        }
    }

    @Test("Each question is decided after those before it, on this stream and on others")
    func limits() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.limits.rates.concurrent = 100 }
        let clients = try (0..<8).map { _ in try gateway.client() }
        let question = NativeMessage.check(tokens: 1)
        var calls: [(GatewayClient, Int)] = []
        for client in clients {
            for _ in 0..<8 {
                let call = try client.begin(.checkStream, [question, question, question])
                calls.append((client, call))
            }
        }
        let answers = try calls.map { try verdicts($0.answer($1)) }
        #expect(answers.allSatisfy { $0.count == 3 })
        #expect(answers.joined().filter { $0 }.count == 100)
    }

    @Test("A stream goes on until its client has asked everything")
    func goesOn() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let client = try gateway.client()
        let call = try client.begin(.checkStream)
        for count in 1...5 {
            try client.send(NativeMessage.check(), on: call)
            let answer = try client.answer(call)
            #expect(answer.messages.count == count)
            #expect(answer.status == nil)
        }
        try client.end(call)
        #expect(try client.answer(call).status == "0")
    }

    @Test("A stream without a question ends well")
    func empty() throws {
        let gateway = try GatewayHarness()
        let client = try gateway.client()
        let answer = try client.answer(client.begin(.checkStream, ends: true))
        #expect(answer.status == "0")
        #expect(answer.messages.isEmpty)
        #expect(gateway.log.appended.isEmpty)
    }

    @Test(
        "What is malformed ends its stream, behind the answers before it and without those after",
        arguments: try CaseBlock.read("native-malformed.txt")
    )
    func malformed(example: CaseBlock) throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let bytes = try #require(example.value("message")).value
        let bad = Protobuf.field(1, GatewayHarness.secret) + bytes
        let good = NativeMessage.check()
        let client = try gateway.client()
        let call = try client.begin(.checkStream, [good, good, bad, good], ends: true)
        let other = try client.begin(.checkStream, [good], ends: true)
        let answer = try client.answer(call)
        #expect(try verdicts(answer) == [true, true])
        #expect(answer.status == "3")
        #expect(answer.message == example.expected.first)
        #expect(try gateway.log.entries().count == 3)
        #expect(try client.answer(other).status == "0", "other streams go on")
    }

    @Test("A client that gives up gets nothing more; what was decided for it stays decided")
    func cancellation() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.limits.rates.concurrent = 2 }
        let client = try gateway.client()
        let call = try client.begin(.checkStream, [NativeMessage.check()])
        #expect(try verdicts(client.answer(call)) == [true])
        try client.cancel(call)
        // The answer may have arrived, and the request gone to its provider: the hold stays.
        let second = try client.begin(.checkStream, [NativeMessage.check(), NativeMessage.check()])
        #expect(try verdicts(client.answer(second)) == [true, false])
        #expect(gateway.service.checkStreams.count == 1)
    }

    @Test("A call that is reset before its turn ends holds what it was allowed until that ages out")
    func resetWithinTurn() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.limits.rates.concurrent = 1 }
        let client = try gateway.client()
        let call = try client.send(.check, NativeMessage.check())
        try client.cancel(call)
        #expect(try client.answer(call).messages.isEmpty)
        #expect(try gateway.log.entries().count == 1)
        let later = try client.call(.check, NativeMessage.check())
        let denied = try NativeResponse(#require(client.answer(later).messages.first))
        #expect(denied.reason == "concurrency_limited")
        gateway.time.advance(milliseconds: 16 * 60_000)
        try gateway.tend()
        let last = try client.call(.check, NativeMessage.check())
        #expect(try NativeResponse(#require(client.answer(last).messages.first)).isAllowed)
    }

    @Test("When the journal cannot be written, no answer of the turn leaves and the stream ends")
    func failingJournal() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let client = try gateway.client()
        let call = try client.begin(.checkStream, [NativeMessage.check()])
        gateway.journal.fault = .losesAppends(Self.lost)
        try client.send(NativeMessage.check(), on: call)
        let answer = try client.answer(call)
        #expect(answer.messages.count == 1)
        #expect(answer.status == "14")
        #expect(gateway.service.checkStreams.isEmpty)
    }

    @Test("Waiting for power, the end waits behind the answers", arguments: [true, false])
    func powerDurability(isMalformed: Bool) throws {
        let gateway = try GatewayHarness(waitsForDurability: true)
        try gateway.addKey()
        gateway.journal.fault = .holdsSyncs
        let client = try gateway.client()
        let questions = [NativeMessage.check(), NativeMessage.check()]
        let call = try client.begin(
            .checkStream,
            questions + (isMalformed ? [[0x0A]] : []),
            ends: true
        )
        let early = try client.answer(call)
        #expect(early.messages.isEmpty)
        #expect(early.status == nil)
        gateway.journal.fault = .none
        gateway.harness.tick()
        let answer = try client.answer(call)
        #expect(try verdicts(answer) == [true, true])
        #expect(answer.status == (isMalformed ? "3" : "0"))
    }

    @Test("A server that stops ends its streams, behind their answers")
    func stopping() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        gateway.health.set(.serving)
        gateway.harness.tick()
        let client = try gateway.client()
        let calls = try (0..<3).map { _ in
            try client.begin(.checkStream, [NativeMessage.check()])
        }
        gateway.health.set(.notServing)
        gateway.harness.tick()
        for call in calls {
            let answer = try client.answer(call)
            #expect(try verdicts(answer) == [true])
            #expect(answer.status == "14")
        }
        #expect(gateway.service.checkStreams.isEmpty)
    }

    @Test("No stream is kept once it is over, however it ended")
    func nothingIsKept() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let client = try gateway.client()
        for ending in 0..<3 {
            let call = try client.begin(.checkStream, [NativeMessage.check()])
            #expect(gateway.service.checkStreams.count == 1)
            switch ending {
            case 0: try client.end(call)
            case 1: try client.cancel(call)
            default: try client.send([0x0A], on: call)
            }
            #expect(gateway.service.checkStreams.isEmpty)
        }
    }
}
