internal import HTTPTypes
internal import TollgateEngine

/// Turns what an rpc request says into the call that HTTP would have made of it.
///
/// `id` is in the path; what is a parameter of the operation is in the query; `version` is
/// `If-Match`; a record under its own name is the body, in which null stands at the paths of `clear`;
/// and all that is left is the body where there is no record.
struct RPCTranslation {
    /// The names under which requests hold a record.
    private static let records: Set<String> = [
        "key", "organization", "team", "user", "supplier", "webhook",
    ]
    /// The most paths of `clear`.
    private static let clearLimit = 256

    private let operation: any APIOperation.Type
    private let parameters: Set<String>

    init(_ operation: any APIOperation.Type) {
        self.operation = operation
        let known = operation.shape?.parameters ?? []
        parameters = Set(known.filter(\.isInRPC).map(\.name))
    }

    /// The call.
    ///
    /// - Throws: a 400 with the field that has no place in it.
    func call(_ document: JSONValue, by principal: Principal) throws(APIError) -> APICall {
        guard case .object(let members) = document else {
            throw .invalidField("", "must be an object")
        }
        var id: String?
        var query: [String] = []
        var headers = HTTPFields()
        var record: JSONValue?
        var cleared: [String] = []
        var rest: [JSONValue.Member] = []
        for member in members {
            switch member.name {
            case "id" where operation.path.contains("{id}"): id = try text(member)
            case "version": headers[.ifMatch] = "\"\(member.value.text())\""
            case "idempotency_key":
                guard let name = HTTPField.Name("Idempotency-Key") else { break }
                headers[name] = try text(member)
            case "clear": cleared = try texts(member)
            case let name where parameters.contains(name):
                query.append("\(name)=\(PercentEncoding.encode(try plain(member)))")
            case let name where RPCTranslation.records.contains(name): record = member.value
            default: rest.append(member)
            }
        }
        if operation.path.contains("{id}"), id == nil { throw .invalidField("id", "is missing") }
        var body: [UInt8] = []
        if operation.shape?.body != nil {
            if record != nil, let extra = rest.first {
                throw .invalidField(extra.name, "has no place here")
            }
            body = try RPCTranslation.clear(cleared, in: record ?? .object(rest)).utf8
        } else if let extra = rest.first {
            throw .invalidField(extra.name, "has no place here")
        }
        return APICall(
            principal: principal,
            id: id.map { PercentEncoding.encode($0) },
            query: query.joined(separator: "&"),
            headers: headers,
            body: body
        )
    }

    private func text(_ member: JSONValue.Member) throws(APIError) -> String {
        try ObjectReader.text(member.value, at: FieldPath().member(member.name))
    }

    private func texts(_ member: JSONValue.Member) throws(APIError) -> [String] {
        var reader = try ObjectReader(.object([member]))
        return try reader.texts(member.name).orNil ?? []
    }

    /// A value as a query has it; of a list, the elements with commas between.
    private func plain(_ member: JSONValue.Member) throws(APIError) -> String {
        switch member.value {
        case .array(let elements):
            var texts: [String] = []
            for element in elements { texts.append(try plain(.init(member.name, element))) }
            return texts.joined(separator: ",")
        case .string(let text): return text
        default: return member.value.text()
        }
    }

    // MARK: Clearing

    /// The document with null at every path.
    private static func clear(
        _ paths: [String],
        in document: JSONValue
    ) throws(APIError) -> JSONValue {
        guard paths.count <= clearLimit else {
            throw .invalidField("clear", "must have at most \(clearLimit) entries")
        }
        var document = document
        for (index, path) in paths.enumerated() {
            let steps = path.split(separator: ".", omittingEmptySubsequences: false)
            guard !steps.contains(""), steps.count <= 8, !steps.isEmpty else {
                throw .invalidField("clear[\(index)]", "must be the path of a field")
            }
            guard let cleared = clear(steps[...], in: document) else {
                throw .contradiction("clear[\(index)]", "names a field that is set as well")
            }
            document = cleared
        }
        return document
    }

    private static func clear(
        _ steps: ArraySlice<Substring>,
        in document: JSONValue
    ) -> JSONValue? {
        guard let step = steps.first, case .object(var members) = document else { return nil }
        let name = String(step)
        let place = members.firstIndex { $0.name == name }
        if steps.count == 1 {
            guard place == nil else { return nil }
            return .object(members + [JSONValue.Member(name, .null)])
        }
        let inner = place.map { members[$0].value } ?? .object([])
        guard let cleared = clear(steps.dropFirst(), in: inner) else { return nil }
        if let place {
            members[place] = JSONValue.Member(name, cleared)
        } else {
            members.append(JSONValue.Member(name, cleared))
        }
        return .object(members)
    }
}
