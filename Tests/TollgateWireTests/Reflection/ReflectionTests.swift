import CTollgateProto
import Testing

@testable import TollgateWire

@Suite("Reflection")
struct ReflectionTests {
    private let index: ReflectionIndex

    init() throws {
        index = try ReflectionIndex()
    }

    /// The names of the files in an answer, or its error's code.
    private func answer(_ question: ReflectionRequest.Question) throws -> ([String], Int32) {
        var request = OutputBuffer()
        let asked = try self.request(question)
        asked.write(to: &request)
        #expect(try ReflectionRequest(request.bytes) == asked)

        var output = OutputBuffer()
        index.answer(asked, to: &output)
        let bytes = array(output.bytes)
        let message = try #require(
            grpc__reflection__v1__server_reflection_response__unpack(nil, bytes.count, bytes)
        )
        defer { grpc__reflection__v1__server_reflection_response__free_unpacked(message, nil) }
        switch message.pointee.message_response_case.rawValue {
        case 4:
            let files = message.pointee.file_descriptor_response.pointee
            let contents = list(files.file_descriptor_proto, files.n_file_descriptor_proto)
            return (try contents.map { try name(ofFile: copy($0)) }, 0)
        case 6:
            let services = message.pointee.list_services_response.pointee
            let names = list(services.service, services.n_service).map {
                String(decoding: copy($0.name), as: UTF8.self)
            }
            return (names, 0)
        case 7: return ([], message.pointee.error_response.pointee.error_code)
        default: return ([], 0)
        }
    }

    private func request(_ question: ReflectionRequest.Question) throws -> ReflectionRequest {
        var output = OutputBuffer()
        output.appendElement(1, text: "host")
        switch question {
        case .file(let name): output.appendElement(3, text: name)
        case .fileContaining(let symbol): output.appendElement(4, text: symbol)
        case .fileContainingExtension(let type, let number):
            output.appendElement(5) {
                $0.appendElement(1, text: type)
                $0.appendField(2, signed: Int64(number))
            }
        case .extensionNumbers(let type): output.appendElement(6, text: type)
        case .services(let text): output.appendElement(7, text: text)
        case .none: break
        }
        return try ReflectionRequest(output.bytes)
    }

    private func name(ofFile bytes: [UInt8]) throws -> String {
        let message = bytes.span
        var reader = try WireReader(message)
        while try reader.next(in: message) {
            if reader.field == 1 { return text(message.bytes(in: try reader.range())) }
        }
        return ""
    }

    @Test("Every service is listed under its real name")
    func services() throws {
        let expected = [
            "envoy.service.accesslog.v3.AccessLogService", "envoy.service.auth.v3.Authorization",
            "envoy.service.ext_proc.v3.ExternalProcessor",
            "envoy.service.ratelimit.v3.RateLimitService", "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
            "tollgate.v1.Authorization", "tollgate.v1.KeyManagement",
        ]
        #expect(index.services == expected)
        #expect(try answer(.services("*")).0 == expected)
    }

    @Test("A file comes first, then each file that it needs, once")
    func dependencies() throws {
        let (files, _) = try answer(.file(name: "envoy/service/auth/v3/external_auth.proto"))
        #expect(files.first == "envoy/service/auth/v3/external_auth.proto")
        #expect(
            files.sorted() == [
                "envoy/config/core/v3/address.proto", "envoy/config/core/v3/base.proto",
                "envoy/service/auth/v3/attribute_context.proto",
                "envoy/service/auth/v3/external_auth.proto", "envoy/type/v3/http_status.proto",
                "google/protobuf/any.proto", "google/protobuf/struct.proto",
                "google/rpc/status.proto",
            ]
        )
    }

    @Test(
        "Services, methods, messages, fields, enums and their values are found",
        arguments: [
            ("tollgate.v1.Authorization", "tollgate/v1/authorization.proto"),
            ("tollgate.v1.Authorization.Check", "tollgate/v1/authorization.proto"),
            ("tollgate.v1.CheckRequest", "tollgate/v1/authorization.proto"),
            ("tollgate.v1.CheckRequest.model", "tollgate/v1/authorization.proto"),
            (
                "envoy.service.auth.v3.AttributeContext.HttpRequest.headers",
                "envoy/service/auth/v3/attribute_context.proto"
            ),
            ("envoy.type.v3.StatusCode", "envoy/type/v3/http_status.proto"),
            ("envoy.type.v3.Forbidden", "envoy/type/v3/http_status.proto"),
            ("grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto"),
            ("grpc.health.v1.HealthCheckResponse.SERVING", "grpc/health/v1/health.proto"),
        ]
    )
    func symbols(symbol: String, file: String) throws {
        #expect(try answer(.fileContaining(symbol: symbol)).0.first == file)
    }

    @Test("What does not exist is NOT_FOUND, and an empty request INVALID_ARGUMENT")
    func errors() throws {
        #expect(try answer(.file(name: "tollgate/storage/v1/key.proto")).1 == 5)
        #expect(try answer(.fileContaining(symbol: "tollgate.v1")).1 == 5)
        #expect(
            try answer(.fileContainingExtension(type: "tollgate.v1.CheckRequest", number: -1)).1
                == 5
        )
        #expect(try answer(.extensionNumbers(type: "nothing")).1 == 5)
        #expect(try answer(.extensionNumbers(type: "tollgate.v1.CheckRequest")).1 == 0)
        #expect(try answer(.none).1 == 3)
    }

    @Test("Strings are shown as strings, whatever C gets")
    func types() throws {
        var output = OutputBuffer()
        index.answer(
            try request(.fileContaining(symbol: "tollgate.v1.SettleResponse")),
            to: &output
        )
        // FieldDescriptorProto of outcome: name, number 1, label 1, type 9 (string).
        let field: [UInt8] = Array("outcome".utf8) + [0x18, 1, 0x20, 1, 0x28, 9]
        let bytes = array(output.bytes)
        #expect(bytes.indices.contains { bytes[$0...].starts(with: field) })
    }
}
