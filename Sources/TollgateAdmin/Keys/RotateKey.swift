internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/keys/{id}/rotate` gives a key a new secret; the old one goes on working for a while.
enum RotateKey: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys/{id}/rotate"
    static let name = "RotateKey"
    static let summary = "Gives a key a new secret; the old one works until the grace is over."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = SetKeyStatus.shape
        shape.body = .object([
            .init(
                name: "grace",
                description: "How long the last secret goes on working; a day if not said.",
                schema: BulkSchema.span.orNull
            )
        ])
        shape.needsBody = false
        shape.example = ["grace": "24h"]
        return shape
    }

    /// How long both secrets work when nothing is said, in seconds: a day.
    static let defaultGrace: Int64 = 86_400

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let id = try call.keyID()
        let grace = try grace(of: call)
        let (record, secret) = try APIError.translating { () throws(RegistryError) in
            try services.registry.rotate(id, grace: grace, by: call.principal)
        }
        return APIReply(
            KeyDocument.json(record, at: services.time.now().wall, secret: secret),
            version: record.version
        )
    }

    private static func grace(of call: APICall) throws(APIError) -> Int64 {
        if call.body.isEmpty { return defaultGrace }
        var reader = try ObjectReader(try call.document())
        let grace = try reader.duration("grace").orNil ?? defaultGrace
        try reader.finish()
        return grace
    }
}

extension ObjectReader {
    /// A time span in whole seconds: `30s`, `15m`, `24h`, `7d`, or a number of seconds.
    mutating func duration(_ name: String) throws(APIError) -> Field<Int64> {
        let problem = "must be a number of seconds, or a span like 30s, 15m, 24h or 7d"
        switch take(name) {
        case .absent: return .absent
        case .null: return .null
        case .value(.integer(let seconds)) where seconds >= 0: return .value(seconds)
        case .value(.string(let text)):
            guard let seconds = DurationText.seconds(text) else {
                throw .invalidField(path(of: name), problem)
            }
            return .value(seconds)
        case .value: throw .invalidField(path(of: name), problem)
        }
    }
}

/// Time spans as people write them.
private enum DurationText {
    /// The seconds of `30s`, `15m`, `24h` or `7d`; nil for anything else, and for millions of years.
    static func seconds(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard
            let last = text.last, let unit = units[last], (2...10).contains(text.utf8.count),
            text.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(text.dropLast())
        else { return nil }
        return number * unit
    }
}
