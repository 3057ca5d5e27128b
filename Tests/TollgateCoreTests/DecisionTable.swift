internal import Testing
internal import TollgateCore
internal import TollgateTesting

/// One line of a decision table: a key, a request and the reason that it must get.
struct DecisionCase: Sendable, CustomTestStringConvertible {
    /// File and line, for whoever has to find it.
    let place: String
    let title: String
    let record: KeyRecord
    let isKnown: Bool
    let supplier: RequestSupplier
    let words: [(name: String, value: String)]
    let expected: Reason

    var testDescription: String {
        let request = words.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        return "\(place), \(title): \(request)"
    }

    /// The time of the decision.
    var time: WallTime {
        WallTime(
            milliseconds: words.last { $0.name == "at" }.flatMap { Int64($0.value) } ?? 999_999
        )
    }

    /// Says to the request what the line says.
    func fill(_ request: inout CheckRequest) throws {
        for word in words {
            switch word.name {
            case "model": try request.set(.model, to: word.value)
            case "region": try request.set(.region, to: word.value)
            case "provider": try request.set(.provider, to: word.value)
            case "supplier": try request.set(.supplier, to: word.value)
            case "action": try request.set(.action, to: word.value)
            case "ip": request.clientIP = try address(word.value)
            case "tokens": request.tokens = try number(word.value)
            case "dry_run": request.isDryRun = word.value == "yes"
            case "credentials": request.credentials = try credentials(word.value)
            case "unreadable": request.markUnreadable(try field(word.value))
            case "id":
                try complete(&request, with: Model(id: word.value, provider: "", aliases: [called]))
            case "alias":
                try complete(&request, with: Model(id: called, provider: "", aliases: [word.value]))
            case "other_model": try request.alsoName(model: Array(word.value.utf8).span)
            case "maker": try request.complete(with: Model(id: "", provider: word.value))
            case "other_maker":
                let other = words.first { $0.name == "other_model" }?.value ?? ""
                try complete(&request, with: Model(id: other, provider: word.value))
            case "at": _ = try number(word.value) as Int64
            default: throw BadTable(place: place, what: "no word '\(word.name)'")
            }
        }
        if case .known(let offer) = supplier { try request.complete(with: offer) }
    }

    /// What the line calls the model.
    private var called: String { words.first { $0.name == "model" }?.value ?? "" }

    private func complete(_ request: inout CheckRequest, with model: Model) throws {
        _ = try request.complete(from: ModelCatalogue([model]))
    }

    private func number<Number: FixedWidthInteger>(_ text: String) throws -> Number {
        guard let number = Number(text) else {
            throw BadTable(place: place, what: "no number '\(text)'")
        }
        return number
    }

    private func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else {
            throw BadTable(place: place, what: "no address '\(text)'")
        }
        return address
    }

    private func field(_ name: String) throws -> CheckRequest.Field {
        guard let field = CheckRequest.Field.allCases.first(where: { "\($0)" == name }) else {
            throw BadTable(place: place, what: "no field '\(name)'")
        }
        return field
    }

    private func credentials(_ name: String) throws -> CheckRequest.Credentials {
        switch name {
        case "missing": return .missing
        case "presented": return .presented
        case "unusable": return .unusable
        case "ambiguous": return .ambiguous
        default: throw BadTable(place: place, what: "no credentials '\(name)'")
        }
    }
}

/// A line that is not written as `Cases/README.md` says.
struct BadTable: Error {
    let place: String
    let what: String
}

/// Reads decision tables; `Cases/README.md` says how they are written.
enum DecisionTable {
    /// All cases of all tables.
    static func all() throws -> [DecisionCase] {
        try CaseFiles.names(in: "Decisions", suffix: ".txt").flatMap { name in
            try cases(named: name, lines: try CaseFiles.lines("Decisions/\(name)"))
        }
    }

    static func cases(named name: String, lines: [Substring]) throws -> [DecisionCase] {
        var cases: [DecisionCase] = []
        var title = ""
        var record = KeyRecord.sample()
        var isKnown = true
        var supplier = RequestSupplier.any
        for (index, line) in lines.enumerated() {
            let place = "\(name):\(index + 1)"
            let text = trim(line)
            if text.isEmpty || text.hasPrefix("#") { continue }
            if text.hasPrefix("["), text.hasSuffix("]") {
                title = String(text.dropFirst().dropLast())
                record = .sample()
                isKnown = true
                supplier = .any
            } else if let arrow = text.firstRange(of: "=>") {
                let code = trim(text[arrow.upperBound...])
                guard let reason = code == "allowed" ? .allowed : Reason(code: String(code)) else {
                    throw BadTable(place: place, what: "no reason '\(code)'")
                }
                cases.append(
                    DecisionCase(
                        place: place,
                        title: title,
                        record: record,
                        isKnown: isKnown,
                        supplier: supplier,
                        words: try words(text[..<arrow.lowerBound], at: place),
                        expected: reason
                    )
                )
            } else if text.hasPrefix("set_up:") {
                supplier = try offer(text.dropFirst(7), at: place)
            } else {
                try apply(rule: text, to: &record, &isKnown, at: place)
            }
        }
        return cases
    }

    /// A supplier, written `name provider=… region=… models=…|…`; `none` for one that is not there.
    private static func offer(_ text: Substring, at place: String) throws -> RequestSupplier {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard let name = parts.first, name != "none" else { return .unknown }
        var record = SupplierRecord(
            name: String(name),
            provider: "",
            baseURL: "https://example.org",
            createdAt: WallTime(milliseconds: 0)
        )
        for word in try words(parts.count > 1 ? parts[1] : "", at: place) {
            switch word.name {
            case "provider": record.provider = word.value
            case "region": record.region = word.value
            case "models": record.models = word.value.split(separator: "|").map { String($0) }
            default: throw BadTable(place: place, what: "no word '\(word.name)'")
            }
        }
        guard let offer = SupplierOffer(record) else {
            throw BadTable(place: place, what: "'\(text)'")
        }
        return .known(offer)
    }

    private static func words(
        _ text: Substring,
        at place: String
    ) throws -> [(name: String, value: String)] {
        try text.split(separator: " ").filter { $0 != "-" }.map { word in
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { throw BadTable(place: place, what: "'\(word)'") }
            return (String(parts[0]), String(parts[1]))
        }
    }

    private static func apply(
        rule: Substring,
        to record: inout KeyRecord,
        _ isKnown: inout Bool,
        at place: String
    ) throws {
        guard let colon = rule.firstIndex(of: ":") else {
            throw BadTable(place: place, what: "'\(rule)'")
        }
        let value = trim(rule[rule.index(after: colon)...])
        let list = value.split(separator: ",").map { String(trim($0)) }
        switch rule[..<colon] {
        case "known": isKnown = value != "no"
        case "expires_at":
            guard let time = Int64(value) else {
                throw BadTable(place: place, what: "no time '\(value)'")
            }
            record.expiresAt = WallTime(milliseconds: time)
        case "status":
            guard let status = KeyStatus.allCases.first(where: { $0.name == value }) else {
                throw BadTable(place: place, what: "no status '\(value)'")
            }
            record.status = status
        case "enforcement":
            guard let mode = Enforcement.allCases.first(where: { $0.name == value }) else {
                throw BadTable(place: place, what: "no enforcement '\(value)'")
            }
            record.enforcement = mode
        case "ip_allowlist": record.ipAllowlist = IPAllowlist(isEnabled: true, addresses: list)
        case "allowed_models": record.models.allowed = list
        case "denied_models": record.models.denied = list
        case "allowed_providers": record.providers.allowed = list
        case "denied_providers": record.providers.denied = list
        case "allowed_suppliers": record.suppliers.allowed = list
        case "denied_suppliers": record.suppliers.denied = list
        case "allowed_regions": record.regions.allowed = list
        case "denied_regions": record.regions.denied = list
        case "allowed_actions": record.actions.allowed = list
        case "denied_actions": record.actions.denied = list
        default: throw BadTable(place: place, what: "no rule '\(rule[..<colon])'")
        }
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}
