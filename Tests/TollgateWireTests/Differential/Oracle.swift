import CProtobufC
import CTollgateProto

@testable import TollgateWire

/// What was read of a message, in a form that two readers can be compared in.
struct Reading: Equatable {
    var texts: [String: [UInt8]] = [:]
    var numbers: [String: UInt64] = [:]

    /// Keeps a text unless it is empty, which is the same as not being there.
    mutating func keep(_ name: String, _ bytes: [UInt8]) {
        texts[name] = bytes.isEmpty ? nil : bytes
    }
}

/// Reads Envoy's request with protobuf-c, as the definition of what the pull reader must find.
enum EnvoyOracle {
    /// What protobuf-c finds.
    ///
    /// - Returns: nil when the message is to be refused.
    static func read(_ message: Envoy__Service__Auth__V3__CheckRequest) -> Reading? {
        var reading = Reading()
        guard let attributes = message.attributes?.pointee else { return reading }
        if let source = attributes.source?.pointee {
            reading.keep("principal", copy(source.principal))
            if let address = source.address?.pointee, address.address_case.rawValue == 1 {
                reading.keep("peer", copy(address.socket_address.pointee.address))
            }
        }
        if let http = attributes.request?.pointee.http?.pointee {
            guard readHTTP(http, into: &reading) else { return nil }
        }
        for name in ["principal", "peer", "method", "path", "host"]
        where !isText(reading.texts[name] ?? []) { return nil }
        for entry in list(attributes.context_extensions, attributes.n_context_extensions) {
            let name = String(decoding: copy(entry.key), as: UTF8.self)
            guard ["model", "region", "provider", "supplier", "action"].contains(name) else {
                continue
            }
            guard isText(copy(entry.value)) else { return nil }
            reading.keep("extension \(name)", copy(entry.value))
        }
        if let metadata = attributes.metadata_context?.pointee {
            guard readMetadata(metadata, into: &reading) else { return nil }
        }
        return reading
    }

    private static func readHTTP(
        _ http: Envoy__Service__Auth__V3__AttributeContext__HttpRequest,
        into reading: inout Reading
    ) -> Bool {
        reading.keep("method", copy(http.method))
        reading.keep("path", copy(http.path))
        reading.keep("host", copy(http.host))
        reading.keep("body", copy(http.raw_body.len == 0 ? http.body : http.raw_body))
        if http.size != 0 { reading.numbers["size"] = UInt64(bitPattern: http.size) }
        var headers: [(name: [UInt8], value: [UInt8], isRaw: Bool)] = []
        for entry in list(http.headers, http.n_headers) {
            headers.append((copy(entry.key), copy(entry.value), false))
        }
        if let map = http.header_map?.pointee {
            for header in list(map.headers, map.n_headers) {
                let isRaw = header.raw_value.len != 0
                headers.append(
                    (copy(header.key), copy(isRaw ? header.raw_value : header.value), isRaw)
                )
            }
        }
        guard headers.count <= WireLimits.headers else { return false }
        for header in headers {
            let name = String(decoding: header.name.map(lowercase), as: UTF8.self)
            guard known.contains(name) else { continue }
            guard header.isRaw || isText(header.value) else { return false }
            if name == "x-envoy-auth-partial-body" {
                reading.numbers["partial"] = header.value == Array("true".utf8) ? 1 : nil
                continue
            }
            if repeated.contains(name) {
                reading.numbers["\(name) count", default: 0] += 1
                if reading.numbers["\(name) count"] == 1 {
                    reading.keep("\(name) first", header.value)
                }
            }
            reading.keep(name, header.value)
        }
        return true
    }

    static let repeated = ["authorization", "x-api-key", "api-key", "x-forwarded-for"]
    static let known =
        repeated + [
            "user-agent", "x-request-id", "content-type", "content-encoding", "x-tollgate-model",
            "x-tollgate-region", "x-tollgate-provider", "x-tollgate-supplier", "x-tollgate-action",
            "x-tollgate-tokens", "x-envoy-auth-partial-body",
        ]

    private static func readMetadata(
        _ metadata: Envoy__Config__Core__V3__Metadata,
        into reading: inout Reading
    ) -> Bool {
        let wanted = Array("envoy.ai.request_info".utf8)
        var info: Reading?
        for entry in list(metadata.filter_metadata, metadata.n_filter_metadata)
        where copy(entry.key) == wanted {
            info = entry.value.map { structInfo($0.pointee) } ?? Reading()
        }
        var typed: Reading?
        for entry in list(metadata.typed_filter_metadata, metadata.n_typed_filter_metadata)
        where copy(entry.key) == wanted {
            guard let any = entry.value?.pointee else { continue }
            let url = String(decoding: copy(any.type_url), as: UTF8.self)
            guard url.hasSuffix("/envoy.data.ai.v3.RequestInfo") else { continue }
            guard let info = typedInfo(copy(any.value)) else { return false }
            typed = info
        }
        guard let found = typed ?? info else { return true }
        guard isText(found.texts["info model"] ?? []) else { return false }
        reading.texts.merge(found.texts) { $1 }
        reading.numbers.merge(found.numbers) { $1 }
        return true
    }

    private static func structInfo(_ message: Google__Protobuf__Struct) -> Reading {
        var info = Reading()
        for entry in list(message.fields, message.n_fields) {
            let name = String(decoding: copy(entry.key), as: UTF8.self)
            let value = entry.value?.pointee
            let kind = value?.kind_case.rawValue
            switch name {
            case "model":
                info.keep("info model", kind == 3 ? value.map { copy($0.string_value) } ?? [] : [])
            case "stream":
                info.numbers["info stream"] =
                    kind == 4 ? value.map { $0.bool_value != 0 ? 1 : 0 } : nil
            case "max_output_tokens", "estimated_input_tokens":
                let number = kind == 2 ? value?.number_value ?? 0 : .nan
                info.numbers["info \(name)"] =
                    number >= 0 && number < 0x1p63 ? UInt64(number.rounded(.up)) : nil
            default: break
            }
        }
        return info
    }

    private static func typedInfo(_ bytes: [UInt8]) -> Reading? {
        let shape = MessageShape(of: envoy__data__ai__v3__request_info__init)
        guard
            (try? shape.check(WireReader(bytes.span), of: bytes.span)) != nil,
            let message = envoy__data__ai__v3__request_info__unpack(nil, bytes.count, bytes)
        else { return nil }
        defer { envoy__data__ai__v3__request_info__free_unpacked(message, nil) }
        var info = Reading()
        info.keep("info model", copy(message.pointee.model))
        info.numbers["info stream"] = message.pointee.stream.map { $0.pointee.value != 0 ? 1 : 0 }
        info.numbers["info max_output_tokens"] = message.pointee.max_output_tokens?.pointee.value
        info.numbers["info estimated_input_tokens"] =
            message.pointee.estimated_input_tokens?.pointee.value
        return info
    }

    /// UTF-8 without NUL, as the standard library sees it.
    static func isText(_ bytes: [UInt8]) -> Bool {
        !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte
    }
}

extension Reading {
    /// What the pull reader found.
    init(_ request: EnvoyCheckRequest, of message: [UInt8]) {
        func bytes(_ range: ByteRange) -> [UInt8] { array(message.span.bytes(in: range)) }
        keep("principal", bytes(request.principal))
        keep("peer", bytes(request.peerAddress))
        keep("method", bytes(request.method))
        keep("path", bytes(request.path))
        keep("host", bytes(request.host))
        keep("body", bytes(request.body))
        let headers = request.headers
        let repeated = [
            headers.authorization, headers.xAPIKey, headers.apiKey, headers.forwardedFor,
        ]
        for (name, values) in zip(EnvoyOracle.repeated, repeated) where values.count > 0 {
            keep(name, bytes(values.last))
            keep("\(name) first", bytes(values.first))
            numbers["\(name) count"] = UInt64(values.count)
        }
        keep("user-agent", bytes(headers.userAgent))
        keep("x-request-id", bytes(headers.requestID))
        keep("content-type", bytes(headers.contentType))
        keep("content-encoding", bytes(headers.contentEncoding))
        numbers["partial"] = headers.hasPartialBody ? 1 : nil
        let claimed = headers.tollgate
        let set = request.extensions
        keep("x-tollgate-model", bytes(claimed.model))
        keep("x-tollgate-region", bytes(claimed.region))
        keep("x-tollgate-provider", bytes(claimed.provider))
        keep("x-tollgate-supplier", bytes(claimed.supplier))
        keep("x-tollgate-action", bytes(claimed.action))
        keep("x-tollgate-tokens", bytes(claimed.tokens))
        keep("extension model", bytes(set.model))
        keep("extension region", bytes(set.region))
        keep("extension provider", bytes(set.provider))
        keep("extension supplier", bytes(set.supplier))
        keep("extension action", bytes(set.action))
        let info = request.requestInfo
        keep("info model", bytes(info.model))
        numbers["info stream"] = info.stream.map { $0 ? 1 : 0 }
        numbers["info max_output_tokens"] = info.maxOutputTokens
        numbers["info estimated_input_tokens"] = info.estimatedInputTokens
        if request.size != 0 { numbers["size"] = UInt64(bitPattern: request.size) }
    }
}
