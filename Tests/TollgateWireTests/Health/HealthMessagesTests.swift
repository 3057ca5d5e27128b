import CTollgateProto
import Testing

@testable import TollgateWire

@Suite("Health messages")
struct HealthMessagesTests {
    private func service(_ bytes: [UInt8]) throws -> String {
        try HealthCheckRequest(bytes.span).service
    }

    @Test("A request names its service, or none")
    func request() throws {
        #expect(try service([]) == "")
        #expect(try service([0x0A, 2, 0x61, 0x62]) == "ab")
        #expect(throws: WireError.notText) { try service([0x0A, 1, 0]) }
        #expect(throws: WireError.notText) { try service([0x0A, 1, 0xFF]) }
        #expect(throws: WireError.wrongType) { try service([0x08, 1]) }
        #expect(throws: WireError.truncated) { try service([0x0A, 5]) }
        #expect(throws: WireError.malformed) { try service([0x0F]) }
    }

    @Test("A list is what protobuf-c reads")
    func listing() throws {
        var output = OutputBuffer()
        HealthResponse.writeEntry(service: "", .serving, to: &output)
        HealthResponse.writeEntry(service: "a.B", .notServing, to: &output)
        let bytes = array(output.bytes)
        let message = try #require(
            grpc__health__v1__health_list_response__unpack(nil, bytes.count, bytes)
        )
        defer { grpc__health__v1__health_list_response__free_unpacked(message, nil) }
        let entries = list(message.pointee.statuses, message.pointee.n_statuses)
        #expect(entries.map { copy($0.key) } == [[], Array("a.B".utf8)])
        #expect(entries.map { $0.value.pointee.status.rawValue } == [1, 2])
    }
}
