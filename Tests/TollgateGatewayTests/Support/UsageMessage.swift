/// What Envoy sends once a request was allowed, field by field.
enum UsageMessage {
    /// An entry of metadata with some numbers and texts, as `ext_authz` and filters publish them.
    static func metadata(
        _ field: UInt32,
        _ filter: String = "envoy.filters.http.ext_authz",
        texts: [(String, String)] = [],
        numbers: [(String, Double)] = []
    ) -> [UInt8] {
        var fields: [UInt8] = []
        for (name, text) in texts {
            fields += Protobuf.pair(1, name, Protobuf.field(3, text))
        }
        for (name, number) in numbers {
            fields += Protobuf.pair(1, name, Protobuf.field(2, double: number))
        }
        return Protobuf.field(field, Protobuf.pair(1, filter, fields))
    }

    /// Metadata of a part of an answer that names its reservation.
    static func held(_ rid: String, input: Double? = 400) -> [UInt8] {
        let numbers = input.map { [("reserved_input_tokens", $0)] } ?? []
        return metadata(8, texts: [("rid", rid)], numbers: numbers)
    }

    /// The headers of an answer, told and not asked about.
    static func headers(
        _ metadata: [UInt8],
        status: String = "200",
        _ others: [(String, String)] = [],
        isLast: Bool = false
    ) -> [UInt8] {
        var list: [UInt8] = []
        for (name, value) in [(":status", status)] + others {
            list += Protobuf.field(1, Protobuf.field(1, name) + Protobuf.field(3, value))
        }
        let message = Protobuf.field(1, list) + Protobuf.field(3, isLast ? 1 : 0)
        return metadata + Protobuf.field(10, 1) + Protobuf.field(3, message)
    }

    /// A piece of the answer's body, told and not asked about.
    static func body(_ metadata: [UInt8], _ text: String, isLast: Bool = false) -> [UInt8] {
        metadata + Protobuf.field(10, 1) + piece(text, isLast: isLast)
    }

    /// A piece of the answer's body without anything around it.
    static func piece(_ text: String, isLast: Bool = false) -> [UInt8] {
        Protobuf.field(5, Protobuf.field(1, text) + Protobuf.field(2, isLast ? 1 : 0))
    }

    /// A message of an access log with one entry for each of some properties and statuses.
    static func log(_ entries: [(properties: [UInt8], status: UInt64)]) -> [UInt8] {
        let list = entries.map { entry in
            let response = Protobuf.field(1, Protobuf.field(1, entry.status))
            return Protobuf.field(
                1,
                Protobuf.field(1, entry.properties) + Protobuf.field(4, response)
            )
        }
        let node = Protobuf.field(1, Protobuf.field(1, [UInt8](repeating: 0x0A, count: 12_000)))
        return node + Protobuf.field(2, list.flatMap { $0 })
    }

    /// A descriptor of a rate limit.
    static func descriptor(
        _ entries: [(String, String)],
        hits: UInt64,
        isNegative: Bool = false
    ) -> [UInt8] {
        let list = entries.flatMap { Protobuf.pair(1, $0, Array($1.utf8)) }
        let count = Protobuf.field(3, Protobuf.field(1, hits))
        return Protobuf.field(2, list + count + Protobuf.field(4, isNegative ? 1 : 0))
    }
}
