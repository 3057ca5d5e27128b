/// What Envoy asks, written as Envoy writes it, and what it is told.
///
/// Source: `envoy.service.auth.v3.CheckRequest`, `CheckResponse` and `AttributeContext`.
struct EnvoyCheck {
    /// The path of the call.
    static let path = "/envoy.service.auth.v3.Authorization/Check"

    /// What Envoy sends with each call, besides `:method`, `:scheme`, `:path` and `:authority`.
    static let headers = [
        ("te", "trailers"),
        ("grpc-timeout", "250m"),
        ("content-type", "application/grpc"),
        ("x-envoy-internal", "true"),
        ("x-forwarded-for", "10.0.3.17"),
        ("x-envoy-expected-rq-timeout-ms", "250"),
    ]

    let secret: String
    let model: String

    /// The message with its gRPC prefix, as it is in the call's DATA frames.
    var grpcMessage: [UInt8] { EnvoyCheck.prefixed(message) }

    /// A message behind its gRPC prefix.
    static func prefixed(_ message: [UInt8]) -> [UInt8] {
        let count = UInt32(message.count)
        return [0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } + message
    }

    /// A request with 17 headers whose operator set region, provider and model.
    var message: [UInt8] {
        var writer = ProtobufWriter()
        writer.message(1) { attributes in
            attributes.message(1) { EnvoyCheck.peer("10.0.3.17", 36434, &$0) }
            attributes.message(2) { EnvoyCheck.peer("10.0.0.9", 8080, &$0) }
            attributes.message(4) { request in
                request.message(1) {
                    $0.number(1, 1_795_208_196)
                    $0.number(2, 509_768_000)
                }
                request.message(2) { http(&$0) }
            }
            attributes.entry(10, "model", model)
            attributes.entry(10, "region", "EU")
            attributes.message(11) { _ in }
            attributes.message(13) { _ in }
        }
        return writer.bytes
    }

    private func http(_ http: inout ProtobufWriter) {
        http.text(1, "3244913503170385092")
        http.text(2, "POST")
        for (name, value) in requestHeaders { http.entry(3, name, value) }
        http.text(4, "/v1/chat/completions")
        http.text(5, "llm.corp")
        http.text(6, "http")
        http.text(10, "HTTP/1.1")
    }

    private var requestHeaders: [(String, String)] {
        [
            (":authority", "llm.corp"), (":method", "POST"), (":path", "/v1/chat/completions"),
            (":scheme", "http"), ("accept", "*/*"), ("accept-encoding", "gzip"),
            ("authorization", "Bearer \(secret)"), ("content-length", "87"),
            ("content-type", "application/json"), ("cookie", "a=b"), ("user-agent", "OpenAI/1.9"),
            ("x-app", "c"), ("x-env", "p"), ("x-forwarded-proto", "http"), ("x-lang", "py"),
            ("x-request-id", "a7ee0a60-2c00-4287-81b7-7bff970fdd5a"), ("x-team", "ml"),
        ]
    }

    private static func peer(_ address: String, _ port: UInt64, _ peer: inout ProtobufWriter) {
        peer.message(1) {
            $0.message(1) {
                $0.text(2, address)
                $0.number(3, port)
            }
        }
    }

    /// What an answer, with its gRPC prefix, tells Envoy to do.
    enum Outcome: Equatable, CustomStringConvertible {
        case allowed
        case denied(status: Int)
        case unreadable

        init(grpcMessage bytes: [UInt8]) {
            self = .unreadable
            guard bytes.count >= 5, bytes[0] == 0 else { return }
            let count = bytes[1..<5].reduce(0) { $0 << 8 | Int($1) }
            guard
                count == bytes.count - 5,
                let response = ProtobufFields(Array(bytes[5...]))
            else { return }
            let status = response.message(1)?.number(1) ?? 0
            let denial = response.message(2)
            if status == 0, denial == nil, response.message(3) != nil { self = .allowed }
            if status != 0, let code = denial?.message(1)?.number(1), response.message(3) == nil {
                self = .denied(status: Int(truncatingIfNeeded: code))
            }
        }

        var description: String {
            switch self {
            case .allowed: "allowed"
            case .denied(let status): "denied with \(status)"
            case .unreadable: "no answer of Envoy's protocol"
            }
        }
    }
}
