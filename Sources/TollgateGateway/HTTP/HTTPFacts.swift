internal import TollgateCore
internal import TollgateWire

/// A question in our own JSON: what a script in a proxy has found out about a request.
///
/// `{"model","region","provider","supplier","action","tokens","input_tokens","client_ip",
/// "user_agent","request_id","metadata","dry_run"}`, as in `tollgate.v1.CheckRequest`; all of them
/// may be left out. The ranges lie in the body that was read.
struct HTTPFacts {
    private(set) var tokens: UInt64?
    private(set) var inputTokens: UInt64 = 0
    private(set) var isDryRun = false
    /// Whether there is a field that only our own words have; without one the body is the request
    /// of a client.
    private(set) var isOurs = false
    private var texts = [7 of Range<Int>?](repeating: nil)
    private var address: Range<Int>?
    private var metadata: Int?
    private var seen: UInt16 = 0
    private var unknownName: Range<Int>?

    /// Reads a body.
    ///
    /// - Throws: when it is no JSON object, or is in our words and has something wrong.
    init(_ body: Span<UInt8>) throws(HTTPProblem) {
        var problem: HTTPProblem?
        var fields = JSONFields()
        guard try fields.kind(body) == .object else { throw HTTPProblem(.notObject) }
        try fields.readObject(body) { (fields, name) throws(HTTPProblem) in
            let start = fields.scanner
            do throws(HTTPProblem) {
                try readField(name, body, &fields)
            } catch {
                // Of a client's request nothing is wrong that is not ours.
                problem = problem ?? error
                fields.scanner = start
                try fields.skip(body)
            }
        }
        guard fields.isAtEnd(body) else { throw HTTPProblem(.notJSON) }
        guard isOurs else { return }
        if let problem { throw problem }
        if let unknownName { throw HTTPProblem(.unknown, unknownName: unknownName) }
    }

    private mutating func readField(
        _ name: JSONScanner.StringRange,
        _ body: Span<UInt8>,
        _ fields: inout JSONFields
    ) throws(HTTPProblem) {
        func named(_ known: StaticString) -> Bool { JSONEscapes.equal(body, name, known) }
        for field in CheckRequest.Field.allCases where named(field.name) {
            try note(field.rawValue, field.name, isOurs: field != .model)
            texts[Int(field.rawValue)] = try fields.text(field.name, body)?.range
            return
        }
        if named("tokens") {
            try note(7, "tokens")
            tokens = try fields.count("tokens", upTo: .max, body)
        } else if named("input_tokens") {
            try note(8, "input_tokens")
            inputTokens = try fields.count("input_tokens", upTo: .max, body)
        } else if named("client_ip") {
            try note(9, "client_ip")
            address = try fields.text("client_ip", body)?.range
        } else if named("dry_run") {
            try note(10, "dry_run")
            isDryRun = try fields.flag("dry_run", body)
        } else if named("metadata") {
            try note(11, "metadata", isOurs: false)
            metadata = fields.scanner.index
            try fields.skip(body)
        } else {
            unknownName = unknownName ?? name.range
            try fields.skip(body)
        }
    }

    private mutating func note(
        _ bit: UInt8,
        _ name: StaticString,
        isOurs: Bool = true
    ) throws(HTTPProblem) {
        if isOurs { self.isOurs = true }
        guard seen & 1 << UInt16(bit) == 0 else { throw HTTPProblem(.repeated, name) }
        seen |= 1 << UInt16(bit)
    }

    /// Sets the names, which headers of the proxy may replace.
    func setNames(
        of request: inout CheckRequest,
        _ body: Span<UInt8>,
        _ scratch: inout TextBuffer
    ) throws(HTTPProblem) {
        for field in [CheckRequest.Field.model, .region, .provider, .supplier, .action] {
            try set(field, of: &request, body, &scratch)
        }
    }

    /// Sets what headers say less well.
    func setRest(
        of request: inout CheckRequest,
        hasToldTokens: Bool,
        _ body: Span<UInt8>,
        _ scratch: inout TextBuffer
    ) throws(HTTPProblem) {
        for field in [CheckRequest.Field.userAgent, .requestID] {
            try set(field, of: &request, body, &scratch)
        }
        // Who asks in our words knows the request; what is not said of its prompt, is not there.
        request.hasUnknownPrompt = false
        if let tokens, !hasToldTokens {
            request.tokens = tokens
            request.inputTokens = inputTokens
        }
        request.isDryRun = isDryRun
        if let address {
            guard let parsed = IPAddress(body.extracting(address)) else {
                throw HTTPProblem(.badValue, "client_ip")
            }
            request.clientIP = parsed
        }
        if let metadata { try addMetadata(from: metadata, to: &request, body, &scratch) }
    }

    private func set(
        _ field: CheckRequest.Field,
        of request: inout CheckRequest,
        _ body: Span<UInt8>,
        _ scratch: inout TextBuffer
    ) throws(HTTPProblem) {
        guard let range = texts[Int(field.rawValue)], !range.isEmpty else { return }
        scratch.removeAll()
        guard JSONEscapes.resolve(body, range, into: &scratch) else {
            throw HTTPProblem(.badText, field.name)
        }
        do {
            try request.set(field, to: scratch.bytes)
        } catch {
            throw HTTPProblem(.badText, field.name)
        }
    }

    private func addMetadata(
        from start: Int,
        to request: inout CheckRequest,
        _ body: Span<UInt8>,
        _ scratch: inout TextBuffer
    ) throws(HTTPProblem) {
        var fields = JSONFields()
        let object = body.extracting(start..<body.count)
        guard try fields.kind(object) == .object else { throw HTTPProblem(.wrongType, "metadata") }
        try fields.readObject(object) { (fields, name) throws(HTTPProblem) in
            guard let value = try fields.text("metadata", object) else { return }
            scratch.removeAll()
            guard JSONEscapes.resolve(object, name.range, into: &scratch) else {
                throw HTTPProblem(.badText, "metadata")
            }
            let count = scratch.count
            guard JSONEscapes.resolve(object, value.range, into: &scratch) else {
                throw HTTPProblem(.badText, "metadata")
            }
            let pair = scratch.bytes
            do {
                try request.addMetadata(
                    pair.extracting(0..<count),
                    pair.extracting(count..<pair.count)
                )
            } catch {
                throw HTTPProblem(.badText, "metadata")
            }
        }
    }
}

extension CheckRequest.Field {
    /// What our JSON calls it.
    fileprivate var name: StaticString {
        switch self {
        case .model: "model"
        case .region: "region"
        case .provider: "provider"
        case .supplier: "supplier"
        case .action: "action"
        case .userAgent: "user_agent"
        case .requestID: "request_id"
        }
    }
}
