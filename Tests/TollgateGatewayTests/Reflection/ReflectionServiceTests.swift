import Testing
import TollgateTesting
import TollgateTransport

@testable import TollgateGateway

@Suite("Reflection")
struct ReflectionServiceTests {
    private static let versions = [GatewayMethod.reflection, .reflectionAlpha]
    /// What is called by gRPC; paths of plain HTTP belong to no service.
    private static let methods = GatewayMethod.allCases.filter { $0.method.kind != .plain }

    @Test("Every service that is offered is listed, and no other", arguments: versions)
    func list(version: GatewayMethod) throws {
        let client = try GatewayHarness().client()
        let call = try client.begin(version, [Protobuf.field(7, "*")], ends: true)
        let answer = try client.answer(call)
        #expect(answer.status == "0")
        let response = try DecodedMessage(#require(answer.messages.first))
        let services = try response.message(6)?.messages(1).map { $0.text(1) } ?? []
        #expect(Set(services) == Self.offered)
        #expect(services.count == Self.offered.count)
    }

    @Test("The file of every service and method can be had", arguments: methods)
    func files(method: GatewayMethod) throws {
        let path = String("\(method.method.path)".dropFirst())
        let client = try GatewayHarness().client()
        let service = String(path.prefix { $0 != "/" })
        let symbols = [service, path.replacing("/", with: ".")]
        let call = try client.begin(.reflection, symbols.map { Protobuf.field(4, $0) })
        let answer = try client.answer(call)
        #expect(answer.status == nil, "the client may ask for more")
        #expect(answer.messages.count == symbols.count)
        for message in answer.messages {
            let file = try #require(try DecodedMessage(message).message(4)?.messages(1).first)
            let package = file.text(2)
            #expect(try file.messages(6).contains { "\(package).\($0.text(1))" == service })
        }
        try client.end(call)
        #expect(try client.answer(call).status == "0")
    }

    @Test("What is not there is an answer, and the stream goes on")
    func unknown() throws {
        let client = try GatewayHarness().client()
        let call = try client.begin(
            .reflection,
            [Protobuf.field(4, "no.Such"), Protobuf.field(3, "no.proto"), []]
        )
        let answer = try client.answer(call)
        let errors = try answer.messages.map { try DecodedMessage($0).message(7)?.number(1) }
        #expect(errors == [5, 5, 3])
        #expect(answer.status == nil)
    }

    @Test("What is malformed ends the stream")
    func malformed() throws {
        let client = try GatewayHarness().client()
        let call = try client.begin(.reflection, [Protobuf.field(7, ""), [0x0A]])
        let answer = try client.answer(call)
        #expect(answer.messages.count == 1)
        #expect(answer.status == "3")
    }

    @Test("Reflections are bounded, and one that is given up makes room")
    func limit() throws {
        let gateway = try GatewayHarness()
        var calls: [(client: GatewayClient, call: Int)] = []
        for _ in 0..<4 {
            let client = try gateway.client()
            for _ in 0..<64 { calls.append((client, try client.begin(.reflection))) }
        }
        for (client, call) in calls { #expect(try client.answer(call).status == nil) }
        let client = try gateway.client()
        let over = try client.begin(.reflection)
        #expect(try client.answer(over).status == "8")
        try calls[0].client.cancel(calls[0].call)
        let next = try client.begin(.reflection)
        #expect(try client.answer(next).status == nil)
    }

    private static var offered: Set<String> {
        Set(
            GatewayMethod.table().methods.filter { $0.kind != .plain }.map { method in
                String("\(method.path)".dropFirst().prefix { $0 != "/" })
            }
        )
    }
}
