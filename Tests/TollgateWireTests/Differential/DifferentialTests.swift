import CProtobufC
import CTollgateProto
import Testing
import TollgateCore

@testable import TollgateWire

@Suite("The pull reader and protobuf-c agree")
struct DifferentialTests {
    private static let shape = MessageShape(of: envoy__service__auth__v3__check_request__init)

    /// What came of one message.
    private enum Outcome {
        case accepted
        case refused
        /// A message in it comes twice, which protobuf-c merges in its own way (two empty ones with
        /// a `oneof` it even refuses), or headers come in two forms, whose common order it forgets.
        case notCompared
    }

    private func compare(_ message: [UInt8]) -> Outcome {
        let bytes = message.span
        let pulled = try? EnvoyCheckRequest(bytes)
        let unpacked = envoy__service__auth__v3__check_request__unpack(nil, message.count, message)
        defer { envoy__service__auth__v3__check_request__free_unpacked(unpacked, nil) }
        let hasShape = (try? Self.shape.check(WireReader(bytes), of: bytes)) != nil
        guard hasShape else {
            #expect(pulled == nil, "only the pull reader accepts \(message)")
            return .refused
        }
        if Repetition.isIn(message, Self.shape.descriptor) { return .notCompared }
        // What has the shape is not refused by protobuf-c: the check is strict enough.
        guard let unpacked else {
            Issue.record("protobuf-c refuses \(message)")
            return .refused
        }
        if hasBothForms(unpacked.pointee) { return .notCompared }
        let expected = EnvoyOracle.read(unpacked.pointee)
        let found = pulled.map { Reading($0, of: message) }
        #expect(found == expected, "\(message)")
        return found == nil ? .refused : .accepted
    }

    private func hasBothForms(_ message: Envoy__Service__Auth__V3__CheckRequest) -> Bool {
        guard let http = message.attributes?.pointee.request?.pointee.http?.pointee else {
            return false
        }
        return http.n_headers > 0 && (http.header_map?.pointee.n_headers ?? 0) > 0
    }

    @Test("on what Envoy sends")
    func golden() throws {
        for name in try Files.names("request-") {
            guard case .accepted = compare(try Files.message(name)) else {
                Issue.record("\(name) was not compared")
                continue
            }
        }
    }

    @Test("on what Envoy sends, cut off anywhere")
    func cuts() throws {
        for name in try Files.names("request-") {
            let message = try Files.message(name)
            for count in message.indices { _ = compare(Array(message.prefix(count))) }
        }
    }

    @Test("on what Envoy sends, with any byte changed")
    func changes() throws {
        for name in try Files.names("request-") {
            let message = try Files.message(name)
            let changes: [UInt8] = [0x01, 0x02, 0x04, 0x08, 0x80, 0xFF]
            for place in message.indices {
                var changed = message
                changed[place] ^= changes[place % changes.count]
                _ = compare(changed)
            }
        }
    }

    @Test("on random messages, sound and damaged")
    func random() {
        var messages = RandomMessages(seed: 20_261_121)
        var accepted = 0
        var refused = 0
        for _ in 0..<5000 {
            switch compare(messages.next()) {
            case .accepted: accepted += 1
            case .refused: refused += 1
            case .notCompared: break
            }
        }
        // The messages must be worth something, or the test could not fail.
        #expect(accepted > 1500)
        #expect(refused > 500)
    }

    @Test("on the kept cases of the fuzzer")
    func keptCases() throws {
        for message in try Files.contents(of: "Tests/Fuzz/CheckRequest/Cases") {
            _ = compare(message)
        }
    }
}

/// Finds messages that come twice where one is meant to be.
private enum Repetition {
    static func isIn(
        _ message: [UInt8],
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    ) -> Bool {
        guard let reader = try? WireReader(message.span) else { return false }
        return isIn(reader, message, descriptor)
    }

    private static func isIn(
        _ reader: WireReader,
        _ message: [UInt8],
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    ) -> Bool {
        var reader = reader
        var seen: Set<UInt32> = []
        while (try? reader.next(in: message.span)) == true {
            let field = protobuf_c_message_descriptor_get_field(descriptor, reader.field)
            guard
                let field = field?.pointee, field.type == PROTOBUF_C_TYPE_MESSAGE,
                let inner = try? reader.message(), let shape = field.descriptor
            else { continue }
            let isFirst = seen.insert(reader.field).inserted
            if field.label != PROTOBUF_C_LABEL_REPEATED && !isFirst { return true }
            let type = shape.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
            if isIn(inner, message, type) { return true }
        }
        return false
    }
}
