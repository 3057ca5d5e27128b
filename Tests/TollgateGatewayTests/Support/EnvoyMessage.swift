import Foundation

@testable import TollgateGateway

/// Envoy's `CheckRequest` and the gateway's configuration, as a block of a table describes them.
enum EnvoyMessage {
    private static let infoKey = "envoy.ai.request_info"
    private static let infoType = "type.googleapis.com/envoy.data.ai.v3.RequestInfo"

    /// The message that a block describes.
    ///
    /// Field numbers: `envoy.service.auth.v3.AttributeContext`.
    static func bytes(of example: CaseBlock) throws -> [UInt8] {
        if let raw = example.value("message") { return raw.value }
        var attributes: [UInt8] = []
        if let peer = example.value("peer") {
            let socket = Protobuf.field(2, peer.value) + Protobuf.field(3, 40_000)
            attributes += Protobuf.field(1, Protobuf.field(1, Protobuf.field(1, socket)))
        }
        attributes += Protobuf.field(4, Protobuf.field(2, try http(example)))
        for line in example.values("extension") {
            attributes += Protobuf.pair(10, line.pair.name, line.pair.value)
        }
        attributes += metadata(example)
        return Protobuf.field(1, attributes)
    }

    /// `HttpRequest { method = 2, headers = 3, path = 4, host = 5, size = 9, body = 11,
    /// raw_body = 12, header_map = 13 }`.
    private static func http(_ example: CaseBlock) throws -> [UInt8] {
        var http = Protobuf.field(2, example.value("method")?.value ?? Array("POST".utf8))
        for line in example.values("header") {
            http += Protobuf.pair(3, line.pair.name, line.pair.value)
        }
        if let path = example.value("path") { http += Protobuf.field(4, path.value) }
        if let host = example.value("host") { http += Protobuf.field(5, host.value) }
        if let size = example.value("size"), let number = Int64(size.text) {
            http += Protobuf.field(9, UInt64(bitPattern: number))
        }
        if let body = example.value("body") { http += Protobuf.field(11, body.value) }
        if let body = example.value("raw-body") { http += Protobuf.field(12, body.value) }
        if let file = example.value("body-file") { http += Protobuf.field(11, try body(file.text)) }
        let raw = example.values("raw-header").flatMap { line in
            let (name, value) = line.pair
            return Protobuf.field(1, Protobuf.field(1, name) + Protobuf.field(3, value))
        }
        return raw.isEmpty ? http : http + Protobuf.field(13, raw)
    }

    private static func body(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
        return Array(try Data(contentsOf: folder.appending(path: "Cases/bodies/\(name)")))
    }

    /// `Metadata { filter_metadata = 1, typed_filter_metadata = 2 }`.
    private static func metadata(_ example: CaseBlock) -> [UInt8] {
        var metadata: [UInt8] = []
        let fields = example.values("struct-info").flatMap { line in
            Protobuf.field(1, Protobuf.field(1, line.pair.name) + Protobuf.field(2, scalar(line)))
        }
        if !fields.isEmpty { metadata += Protobuf.pair(1, infoKey, fields) }
        let info = example.values("info").flatMap(typed)
        if !info.isEmpty {
            let any = Protobuf.field(1, infoType) + Protobuf.field(2, info)
            metadata += Protobuf.pair(2, infoKey, any)
        }
        return metadata.isEmpty ? [] : Protobuf.field(11, metadata)
    }

    /// `Value { number_value = 2, string_value = 3, bool_value = 4 }`.
    private static func scalar(_ line: CaseBlock.Line) -> [UInt8] {
        let text = String(decoding: line.pair.value, as: UTF8.self)
        if let number = Double(text) { return Protobuf.field(2, double: number) }
        if let bool = Bool(text) { return Protobuf.field(4, bool ? 1 : 0) }
        return Protobuf.field(3, line.pair.value)
    }

    /// `RequestInfo { model = 2, stream = 3, max_output_tokens = 4, estimated_input_tokens = 7 }`,
    /// whose numbers are wrapped.
    private static func typed(_ line: CaseBlock.Line) -> [UInt8] {
        let (name, value) = line.pair
        let text = String(decoding: value, as: UTF8.self)
        let number = UInt64(text) ?? (text == "true" ? 1 : 0)
        switch name {
        case "model": return Protobuf.field(2, value)
        case "stream": return Protobuf.field(3, Protobuf.field(1, number))
        case "max_output_tokens": return Protobuf.field(4, Protobuf.field(1, number))
        case "estimated_input_tokens": return Protobuf.field(7, Protobuf.field(1, number))
        default: return []
        }
    }

    /// The configuration that a block describes.
    static func configuration(of example: CaseBlock) -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.trustsRequestHeaders = example.value("trust-headers") != nil
        if let hops = example.value("hops") { configuration.trustedHops = Int(hops.text) ?? 0 }
        if let output = example.value("default-output") {
            configuration.defaultMaximumOutput = UInt64(output.text) ?? 0
        }
        if let status = example.value("budget-status") {
            configuration.budgetStatus =
                UInt16(status.text).flatMap { BudgetStatus(rawValue: $0) } ?? .paymentRequired
        }
        return configuration
    }
}
