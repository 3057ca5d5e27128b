import HTTP2Testing
import Testing
import TollgateCore
import TollgateEngine
import TollgateTesting
import TollgateTransport

@testable import TollgateGateway

@Suite("Decisions and their journal")
struct LoopGatewayTests {
    private static let lost = StorageError(.io, "the disk is gone")
    private static let envoyCheck = Protobuf.field(
        1,
        Protobuf.field(
            4,
            Protobuf.field(2, Protobuf.pair(3, "x-api-key", Array(GatewayHarness.secret.utf8)))
        )
    )

    @Test("The decisions of a turn are one block, written before any answer leaves")
    func oneBlock() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let clients = [try gateway.client(), try gateway.client()]
        for client in clients {
            for _ in 0..<3 { _ = try client.send(.check, NativeMessage.check()) }
            #expect(try client.order().isEmpty)
        }
        #expect(gateway.log.appended.isEmpty)
        gateway.harness.tick()
        for client in clients { #expect(try client.order() == [1, 3, 5]) }
        #expect(gateway.log.appended.count == 1)
        let entries = try gateway.log.entries()
        #expect(entries.count == 6)
        #expect(Set(entries.map(\.reservation)).count == 6)
    }

    @Test("An answer names the reservation that is in the journal")
    func reservation() throws {
        let gateway = try GatewayHarness()
        let record = try gateway.addKey()
        let answer = try gateway.answer(.check, NativeMessage.check(model: "gpt-4o"))
        let response = try NativeResponse(#require(answer.messages.first))
        let entry = try #require(try gateway.log.entries().first)
        #expect(response.isAllowed)
        #expect(response.reservation == entry.reservation.description)
        #expect(entry.keyID == record.id)
        #expect(entry[.model] == "gpt-4o")
    }

    @Test(
        "When the journal cannot be written nothing is allowed, and nothing is denied either",
        arguments: [
            FaultyJournal.Fault.losesAppends(lost), .keepsFailedAppends(lost),
        ],
        [true, false]
    )
    func failingJournal(fault: FaultyJournal.Fault, waits: Bool) throws {
        let gateway = try GatewayHarness(waitsForDurability: waits)
        try gateway.addKey()
        gateway.health.set(.serving)
        let client = try gateway.client()
        gateway.journal.fault = fault
        let calls = [
            try client.send(.check, NativeMessage.check()),
            try client.send(.envoyCheck, Self.envoyCheck),
            try client.send(.envoyCheck, []),
        ]
        let bystander = try client.send(.healthCheck, [])
        gateway.harness.tick()
        for call in calls {
            let answer = try client.answer(call)
            #expect(answer.status == "14")
            #expect(answer.messages.isEmpty, "no byte of a withdrawn answer leaves")
        }
        #expect(try client.answer(bystander).status == "0", "what was not decided is answered")
        #expect(!gateway.engine.isReady)
        #expect(gateway.engine.decisions[.allowed] == 0, "withdrawn answers do not count")

        gateway.journal.fault = .none
        let early = try client.call(.check, NativeMessage.check())
        #expect(try client.answer(early).status == "14", "the engine does not know what it counts")
        try gateway.tend()
        let later = try client.call(.check, NativeMessage.check())
        #expect(try client.answer(later).status == "0")
        #expect(gateway.engine.isReady)
        #expect(gateway.engine.decisions[.allowed] == 1)
    }

    @Test("Without waiting for power, an answer leaves although nothing was synced")
    func processDurability() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        gateway.journal.fault = .holdsSyncs
        let answer = try gateway.answer(.check, NativeMessage.check())
        #expect(answer.status == "0")
    }

    @Test("Waiting for power, answers leave when they are durable, in order")
    func powerDurability() throws {
        let gateway = try GatewayHarness(waitsForDurability: true)
        try gateway.addKey()
        gateway.journal.fault = .holdsSyncs
        let client = try gateway.client()
        for _ in 0..<3 { _ = try client.call(.check, NativeMessage.check()) }
        #expect(gateway.log.appended.count == 3)
        #expect(try client.order().isEmpty, "nothing leaves before it is durable")
        let health = try client.call(.healthCheck, [])
        #expect(try client.order() == [health], "what decides nothing does not wait")
        gateway.journal.fault = .none
        gateway.harness.tick()
        #expect(try client.order() == [health, 1, 3, 5])
        for call in [1, 3, 5] {
            let answer = try client.answer(call)
            #expect(answer.status == "0")
            #expect(try NativeResponse(#require(answer.messages.first)).isAllowed)
        }
    }

    @Test("Waiting for power, a failed sync withdraws the answers")
    func failedSync() throws {
        let gateway = try GatewayHarness(waitsForDurability: true)
        try gateway.addKey()
        gateway.journal.fault = .failsSyncs(Self.lost)
        let client = try gateway.client()
        let calls = [
            try client.call(.check, NativeMessage.check()),
            try client.call(.envoyCheck, Self.envoyCheck),
        ]
        gateway.harness.tick()
        for call in calls {
            let answer = try client.answer(call)
            #expect(answer.status == "14")
            #expect(answer.messages.isEmpty)
        }
        gateway.journal.fault = .none
        try gateway.engine.recover()
        let later = try client.call(.check, NativeMessage.check())
        gateway.harness.tick()
        #expect(try client.answer(later).status == "0")
    }

    @Test("A turn that decides nothing writes nothing")
    func idle() throws {
        let gateway = try GatewayHarness(waitsForDurability: true)
        gateway.journal.fault = .losesAppends(Self.lost)
        let client = try gateway.client()
        let call = try client.call(.healthCheck, [])
        #expect(try client.answer(call).status == "0")
        #expect(gateway.log.appended.isEmpty)
    }

    @Test("More decisions in a turn than its block takes are refused, the others answered")
    func overload() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        let note = [UInt8](repeating: UInt8(ascii: "x"), count: 4000)
        let message = NativeMessage.check() + Protobuf.pair(12, "note", note)
        // Seven connections of 600 calls: more than the 16 MiB of one block.
        let clients = try (0..<7).map { _ in try gateway.client() }
        for client in clients {
            for _ in 0..<600 { _ = try client.send(.check, message) }
        }
        gateway.harness.tick()
        let statuses = try clients.flatMap { try $0.statuses() }
        let answered = statuses.filter { $0 == "0" }.count
        let refused = statuses.filter { $0 == "8" }.count
        #expect(answered > 0)
        #expect(refused > 0)
        #expect(answered + refused == 7 * 600)
        #expect(gateway.log.appended.count == 1)
        #expect(try gateway.log.entries().count == answered)
    }

    @Test("A catalogue that is replaced counts from the next turn on")
    func newModels() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.providers.allowed = ["new"] }
        let client = try gateway.client()
        let before = try client.call(.check, NativeMessage.check(model: "gpt-4o"))
        #expect(try !NativeResponse(#require(client.answer(before).messages.first)).isAllowed)
        gateway.engine.use(ModelCatalogue([Model(id: "gpt-4o", provider: "new")]))
        let after = try client.call(.check, NativeMessage.check(model: "gpt-4o"))
        #expect(try NativeResponse(#require(client.answer(after).messages.first)).isAllowed)
    }

    @Test("No failure is answered with a status that a proxy could take for leave")
    func callFailures() {
        for row in CallFailure.allCases {
            #expect(row.status.code != .ok)
            #expect(row.status.code != .unknown)
        }
    }
}
