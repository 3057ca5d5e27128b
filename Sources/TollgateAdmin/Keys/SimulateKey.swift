internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/keys/{id}/simulate` decides on a request as if the key had asked, now or later; nothing is
/// counted, held or recorded.
enum SimulateKey: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys/{id}/simulate"
    static let name = "SimulateKey"
    static let summary = "Decides as if the key had asked; nothing is counted, held or recorded."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = OperationShape(reply: SimulationSchema.decision)
        shape.body = SimulationSchema.request
        shape.example = [
            "model": "gpt-4o", "region": "EU", "tokens": 1200, "input_tokens": 200,
        ]
        return shape
    }

    /// How far ahead of now a request may be, in milliseconds: ten years.
    private static let horizon: Int64 = 3653 * 86_400_000

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let id = try call.keyID()
        var reader = try ObjectReader(try call.document())
        let now = services.time.now().wall
        let time = try time(&reader, at: now)
        var request = try SimulatedRequest.read(&reader, services.engine.prices.models)
        let content = try reader.text("content").orNil
        try reader.finish()
        _ = try APIError.translating { () throws(RegistryError) in
            try services.registry.key(id, seenBy: call.principal)
        }
        let simulation: Simulation?
        do {
            simulation = try services.engine.simulate(&request, by: id, at: time, content: content)
        } catch {
            throw .unavailable
        }
        guard let simulation else { throw .noSuchKey }
        let told = services.telling(simulation)
        return APIReply(SimulationDocument.json(simulation, told, of: id, at: time ?? now))
    }

    private static func time(
        _ reader: inout ObjectReader,
        at now: WallTime
    ) throws(APIError) -> WallTime? {
        guard let time = try reader.time("at").orNil else { return nil }
        guard time >= now, time.milliseconds - horizon <= now.milliseconds else {
            throw .invalidField(reader.path(of: "at"), "must be from now on, within ten years")
        }
        return time
    }
}

/// The request that is asked about, with the names of `tollgate.v1.CheckRequest`.
enum SimulatedRequest {
    /// The texts of a request, by their names.
    static let texts: [(name: String, field: CheckRequest.Field)] = [
        ("model", .model), ("region", .region), ("provider", .provider), ("supplier", .supplier),
        ("action", .action),
    ]

    /// Reads a request, and completes it as that of a proxy is.
    static func read(
        _ reader: inout ObjectReader,
        _ models: ModelCatalogue
    ) throws(APIError) -> CheckRequest {
        var request = CheckRequest()
        request.isDryRun = true
        for (name, field) in texts {
            guard let text = try reader.text(name).orNil, !text.isEmpty else { continue }
            try set(field, to: text, of: &request, at: reader.path(of: name))
        }
        if !request.has(.action) {
            try set(.action, to: "\(Action.chatCompletions)", of: &request, at: FieldPath())
        }
        request.tokens = try amount("tokens", &reader)
        request.inputTokens = try amount("input_tokens", &reader)
        if let text = try reader.text("client_ip").orNil, !text.isEmpty {
            guard let address = IPAddress(text) else {
                throw .invalidField(reader.path(of: "client_ip"), "must be an IP address")
            }
            request.clientIP = address
        }
        do {
            _ = try request.complete(from: models)
        } catch {
            throw .invalidField(reader.path(of: "model"), "is of too many words")
        }
        return request
    }

    private static func set(
        _ field: CheckRequest.Field,
        to text: String,
        of request: inout CheckRequest,
        at path: FieldPath
    ) throws(APIError) {
        do {
            try request.set(field, to: Array(text.utf8).span)
        } catch {
            throw .invalidField(path, "must be text of at most \(field.limit) bytes")
        }
    }

    private static func amount(
        _ name: String,
        _ reader: inout ObjectReader
    ) throws(APIError) -> UInt64 {
        UInt64(clamping: try reader.whole(name, in: 0...Int64.max).orNil ?? 0)
    }
}
