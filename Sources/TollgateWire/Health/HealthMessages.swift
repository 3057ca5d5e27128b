internal import CTollgateProto

/// `grpc.health.v1.HealthCheckRequest`: which service is asked for.
package struct HealthCheckRequest: Equatable, Sendable {
    /// The service's full name; empty for the server as a whole.
    package let service: String

    private static let message = ProtobufMessage(grpc__health__v1__health_check_request__init)

    /// Reads a message.
    ///
    /// - Throws: what `WireReader` refuses, and `notText`.
    package init(_ bytes: Span<UInt8>) throws(WireError) {
        service = try Self.message.unpack(bytes) { message throws(WireError) in
            try message.service.text()
        }
    }
}

/// `grpc.health.v1.HealthListRequest`, which says nothing.
package enum HealthListRequest {
    private static let message = ProtobufMessage(grpc__health__v1__health_list_request__init)

    /// Reads a message.
    ///
    /// - Throws: what `WireReader` refuses.
    package static func read(_ bytes: Span<UInt8>) throws(WireError) {
        try message.unpack(bytes) { _ throws(WireError) in }
    }
}

/// How a service is; the raw values are those of `ServingStatus`.
package enum HealthStatus: UInt8, Sendable {
    case unknown = 0
    case serving = 1
    case notServing = 2
    /// Only in answers of `Watch`.
    case serviceUnknown = 3
}

/// Writes the answers of `grpc.health.v1.Health`.
package enum HealthResponse {
    /// Writes a `HealthCheckResponse { status = 1 }`.
    package static func write(_ status: HealthStatus, to output: inout OutputBuffer) {
        output.appendField(1, unsigned: UInt64(status.rawValue))
    }

    /// Writes one entry of a `HealthListResponse { statuses = 1 }`; call it for each service.
    package static func writeEntry(
        service: String,
        _ status: HealthStatus,
        to output: inout OutputBuffer
    ) {
        output.appendElement(1) {
            $0.appendElement(1, text: service)
            $0.appendElement(2) { write(status, to: &$0) }
        }
    }
}
