import HTTP2Testing
import Testing
import TollgateTesting

@testable import TollgateGateway

@Suite("Health")
struct HealthServiceTests {
    private static let serving: UInt64 = 1
    private static let notServing: UInt64 = 2
    private static let serviceUnknown: UInt64 = 3

    private func statuses(_ answer: GatewayClient.Answer) throws -> [UInt64] {
        try answer.messages.map { try DecodedMessage($0).number(1) }
    }

    @Test("Every service is as the server is", arguments: HealthService.names)
    func check(name: String) throws {
        let gateway = try GatewayHarness()
        let client = try gateway.client()
        for (status, wanted) in [
            (HealthState.Status.notServing, Self.notServing), (.serving, Self.serving),
            (.notServing, Self.notServing),
        ] {
            gateway.health.set(status)
            let call = try client.call(.healthCheck, Protobuf.field(1, name))
            let answer = try client.answer(call)
            #expect(answer.status == "0")
            #expect(try statuses(answer) == [wanted])
        }
    }

    @Test("A service that is not there is not found")
    func unknown() throws {
        let answer = try GatewayHarness().answer(.healthCheck, Protobuf.field(1, "no.Such"))
        #expect(answer.status == "5")
        #expect(answer.messages.isEmpty)
    }

    @Test("The list has every service")
    func list() throws {
        let gateway = try GatewayHarness()
        gateway.health.set(.serving)
        let answer = try gateway.answer(.healthList, [])
        #expect(answer.status == "0")
        let entries = try DecodedMessage(#require(answer.messages.first)).messages(1)
        #expect(entries.map { $0.text(1) } == HealthService.names)
        for entry in entries { #expect(try entry.message(2)?.number(1) == Self.serving) }
    }

    @Test(
        "What is malformed is an invalid argument",
        arguments: [GatewayMethod.healthCheck, .healthList],
        [[0x0A], [0x0A, 0x05, 0x61]]
    )
    func malformed(method: GatewayMethod, message: [UInt8]) throws {
        #expect(try GatewayHarness().answer(method, message).status == "3")
    }

    @Test("A watch is told the status at once and every change, until the server stops")
    func watch() throws {
        let gateway = try GatewayHarness()
        let clients = [try gateway.client(), try gateway.client()]
        let calls = try clients.map { try $0.begin(.healthWatch, [[]], ends: true) }
        gateway.health.set(.serving)
        gateway.harness.tick()
        gateway.health.set(.serving)
        gateway.harness.tick()
        for (client, call) in zip(clients, calls) {
            let answer = try client.answer(call)
            #expect(try statuses(answer) == [Self.notServing, Self.serving])
            #expect(answer.status == nil, "a watch goes on")
        }
        gateway.health.set(.notServing)
        gateway.harness.tick()
        for (client, call) in zip(clients, calls) {
            let answer = try client.answer(call)
            #expect(try statuses(answer) == [Self.notServing, Self.serving, Self.notServing])
            #expect(answer.status == "14")
        }
    }

    @Test("A watch for a service that is not there stays, and hears nothing more")
    func watchUnknown() throws {
        let gateway = try GatewayHarness()
        let client = try gateway.client()
        let call = try client.begin(.healthWatch, [Protobuf.field(1, "no.Such")])
        gateway.health.set(.serving)
        gateway.harness.tick()
        let answer = try client.answer(call)
        #expect(try statuses(answer) == [Self.serviceUnknown])
        #expect(answer.status == nil)
    }

    @Test("A watch has one request")
    func twoRequests() throws {
        let client = try GatewayHarness().client()
        let call = try client.begin(.healthWatch, [[], []])
        #expect(try client.answer(call).status == "3")
    }

    @Test("A watch without a request is ended")
    func noRequest() throws {
        let client = try GatewayHarness().client()
        let call = try client.begin(.healthWatch)
        #expect(try client.answer(call).status == nil)
        try client.end(call)
        #expect(try client.answer(call).status == "3")
        let bare = try client.begin(.healthWatch, ends: true)
        #expect(try client.answer(bare).status == "3")
    }

    @Test("A malformed watch is ended")
    func malformedWatch() throws {
        let client = try GatewayHarness().client()
        let call = try client.begin(.healthWatch, [[0x0A]])
        #expect(try client.answer(call).status == "3")
    }

    @Test("Watches are bounded, and one that is given up makes room")
    func limit() throws {
        let gateway = try GatewayHarness()
        var clients: [GatewayClient] = []
        var first: (client: GatewayClient, call: Int)?
        var refused: GatewayClient?
        search: for _ in 0..<64 {
            let client = try gateway.client()
            clients.append(client)
            for _ in 0..<100 {
                let call = try client.begin(.healthWatch, [[]])
                if first == nil { first = (client, call) }
                if try client.answer(call).status == "8" {
                    refused = client
                    break search
                }
            }
        }
        let (watcher, call) = try #require(first)
        try watcher.cancel(call)
        let client = try #require(refused)
        let again = try client.begin(.healthWatch, [[]])
        #expect(try client.answer(again).status == nil)
        let over = try client.begin(.healthWatch, [[]])
        #expect(try client.answer(over).status == "8")
    }
}
