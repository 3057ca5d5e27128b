import HTTP2Testing
import Testing
import TollgateCore
import TollgateEngine
import TollgateTesting
import TollgateTransport

@testable import TollgateGateway

@Suite("Settling in our own words")
struct SettleTests {
    /// Has a request allowed that takes a thousand tokens, and gives back its reservation.
    private func reservation(_ gateway: GatewayHarness, model: String = "gpt-4o") throws -> String {
        let question = NativeMessage.check(model: model, tokens: 1000, inputTokens: 400)
        let answer = try gateway.answer(.check, question)
        let response = try NativeResponse(#require(answer.messages.first))
        #expect(response.isAllowed)
        return response.reservation
    }

    private func settle(_ gateway: GatewayHarness, _ message: [UInt8]) throws -> SettleAnswer {
        let answer = try gateway.answer(.settle, message)
        #expect(answer.status == "0")
        return try SettleAnswer(#require(answer.messages.first))
    }

    @Test("What was used takes the place of what was held")
    func applied() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { record in
            record.limits.rates.concurrent = 1
            record.limits.tokens.total = 1100
        }
        let rid = try reservation(gateway)
        let blocks = gateway.log.appended.count
        let report = NativeMessage.settle(rid, input: 100, output: 10)
        // 100 tokens at 2.5 USD a million and 10 at 10.
        #expect(try settle(gateway, report) == SettleAnswer("applied", cost: 350_000))
        #expect(gateway.log.appended.count == blocks + 1)
        // 110 tokens count, no request is open.
        let next = try gateway.answer(.check, NativeMessage.check(tokens: 990))
        #expect(try NativeResponse(#require(next.messages.first)).isAllowed)
    }

    @Test("The first report counts, and its answer is given again")
    func duplicate() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let rid = try reservation(gateway)
        let first = try settle(gateway, NativeMessage.settle(rid, input: 100, output: 10))
        #expect(first == SettleAnswer("applied", cost: 350_000))
        for output in [10, 20] as [UInt64] {
            let again = try settle(gateway, NativeMessage.settle(rid, input: 100, output: output))
            #expect(again == SettleAnswer("duplicate", cost: 350_000))
        }
    }

    @Test("Of two reports in one turn the first counts, in one record")
    func inOneTurn() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let rid = try reservation(gateway)
        let client = try gateway.client()
        let calls = try [10, 20].map { output in
            try client.send(.settle, NativeMessage.settle(rid, input: 100, output: output))
        }
        gateway.harness.tick()
        let answers = try calls.map { call in
            try SettleAnswer(#require(client.answer(call).messages.first))
        }
        let expected = [
            SettleAnswer("applied", cost: 350_000), SettleAnswer("duplicate", cost: 350_000),
        ]
        #expect(answers == expected)
    }

    @Test("While one loop settles, another asks to come again, and then has the first one's answer")
    func onTwoLoops() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let rid = try reservation(gateway)
        let first = try gateway.client()
        let call = try first.send(.settle, NativeMessage.settle(rid, input: 100, output: 10))
        let loop = try gateway.makeLoop()
        let second = GatewayClient(try loop.open(), tick: loop.tick)
        let report = NativeMessage.settle(rid, input: 100, output: 20)
        let early = try second.answer(second.call(.settle, report))
        #expect(early.status == "14")
        #expect(early.message == "the reservation is being settled; try again")
        gateway.harness.tick()
        let answer = try SettleAnswer(#require(first.answer(call).messages.first))
        #expect(answer == SettleAnswer("applied", cost: 350_000))
        let late = try second.answer(second.call(.settle, report))
        #expect(
            try SettleAnswer(#require(late.messages.first))
                == SettleAnswer("duplicate", cost: 350_000)
        )
    }

    @Test("A report that comes after the hold has aged out is late, and counts")
    func late() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.limits.tokens.total = 1100 }
        let rid = try reservation(gateway)
        gateway.time.advance(milliseconds: 16 * 60_000)
        try gateway.tend()
        let report = NativeMessage.settle(rid, input: 100, output: 10)
        #expect(try settle(gateway, report) == SettleAnswer("late", cost: 350_000))
        let next = try gateway.answer(.check, NativeMessage.check(tokens: 990))
        #expect(try NativeResponse(#require(next.messages.first)).isAllowed)
    }

    @Test("The model that was billed decides what it cost")
    func billedModel() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let rid = try reservation(gateway, model: "gemini-pro")
        let report = NativeMessage.settle(rid, model: "gpt-4o", input: 100, output: 10)
        #expect(try settle(gateway, report) == SettleAnswer("applied", cost: 350_000))
    }

    @Test(
        "An error or a cancellation without tokens gives everything back",
        arguments: [(502, false), (429, false), (0, true)] as [(UInt64, Bool)]
    )
    func void(status: UInt64, isCancelled: Bool) throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.limits.requests.total = 1 }
        for _ in 0..<3 {
            let rid = try reservation(gateway)
            let report = NativeMessage.settle(rid, status: status, isCancelled: isCancelled)
            #expect(try settle(gateway, report) == SettleAnswer("applied", cost: 0))
        }
    }

    @Test("A reservation that never was is not found")
    func unknown() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let rid = try reservation(gateway)
        let number = try #require(ReservationID(rid)).rawValue
        for other in [number ^ 1, number &+ 1 << 64, 1, .max] {
            let forged = "\(ReservationID(rawValue: other))"
            let answer = try gateway.answer(.settle, NativeMessage.settle(forged, input: 1))
            #expect(answer.status == "5")
            #expect(answer.message == "no such reservation")
            #expect(answer.messages.isEmpty)
        }
        #expect(try settle(gateway, NativeMessage.settle(rid, input: 1)).outcome == "applied")
    }

    @Test(
        "What cannot be is an invalid argument",
        arguments: try CaseBlock.read("settle-malformed.txt")
    )
    func malformed(example: CaseBlock) throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let rid = try reservation(gateway)
        let blocks = gateway.log.appended.count
        let message = try #require(example.value("message")).value
            .replacing(Array("<rid>".utf8), with: Array(rid.utf8))
            .replacing(Array("<cut-rid>".utf8), with: Array(rid.utf8.dropLast()))
        let answer = try gateway.answer(.settle, message)
        let isUnknown = example.expected.first == "no such reservation"
        #expect(answer.status == (isUnknown ? "5" : "3"))
        #expect(answer.message == example.expected.first)
        #expect(answer.messages.isEmpty)
        #expect(gateway.log.appended.count == blocks)
        let good = try settle(gateway, NativeMessage.settle(rid, input: 1))
        #expect(good.outcome == "applied", "nothing of the bad report has stayed")
    }

    @Test("A report is answered when it is in the journal, and waits for power if it has to")
    func durability() throws {
        let gateway = try GatewayHarness(waitsForDurability: true)
        try gateway.addKey()
        let rid = try reservation(gateway)
        gateway.journal.fault = .holdsSyncs
        let client = try gateway.client()
        let call = try client.call(.settle, NativeMessage.settle(rid, input: 1))
        #expect(try client.order().isEmpty)
        gateway.journal.fault = .none
        gateway.harness.tick()
        #expect(try client.answer(call).status == "0")
    }

    @Test("A report that cannot be recorded is not taken, and can be sent again")
    func failingJournal() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let rid = try reservation(gateway)
        gateway.journal.fault = .losesAppends(StorageError(.io, "the disk is gone"))
        let report = NativeMessage.settle(rid, input: 100, output: 10)
        let failed = try gateway.answer(.settle, report)
        #expect(failed.status == "14")
        #expect(failed.messages.isEmpty)
        gateway.journal.fault = .none
        try gateway.tend()
        #expect(try settle(gateway, report) == SettleAnswer("applied", cost: 350_000))
    }
}
