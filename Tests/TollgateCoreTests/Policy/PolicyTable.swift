internal import Testing
internal import TollgateTesting

@testable internal import TollgateCore

/// A line of a table of policies: what a key's policy says, a request, and what must come of it.
struct PolicyCase: Sendable, CustomTestStringConvertible {
    /// File and line, for whoever has to find it.
    let place: String
    let title: String
    let rules: PolicyRules
    let words: [(name: String, value: String)]
    let expected: PolicyDenial?

    var testDescription: String {
        let request = words.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        return "\(place), \(title): \(request)"
    }

    /// Says to the request and to the facts what the line says.
    func fill(_ request: inout CheckRequest, _ facts: inout PolicyFacts) throws {
        try request.set(.action, to: "chat:completions")
        for (name, value) in words {
            switch name {
            case "model": try request.set(.model, to: value)
            case "id":
                let alias = words.first { $0.name == "model" }?.value ?? ""
                let model = Model(id: value, provider: "", aliases: [alias])
                _ = try request.complete(from: ModelCatalogue([model]))
            case "other_model": try request.alsoName(model: Array(value.utf8).span)
            case "maker": try request.complete(with: Model(id: "", provider: value))
            case "other_maker":
                let other = words.first { $0.name == "other_model" }?.value ?? ""
                _ = try request.complete(
                    from: ModelCatalogue([Model(id: other, provider: value)])
                )
            case "region": try request.set(.region, to: value)
            case "provider": try request.set(.provider, to: value)
            case "supplier": try request.set(.supplier, to: value)
            case "action": try request.set(.action, to: value)
            case "ip": request.clientIP = try need(IPAddress(value), value)
            case "tokens": request.tokens = try need(UInt64(value), value)
            case "input": request.inputTokens = try need(UInt64(value), value)
            case "prompt":
                request.hasUnknownPrompt = try need(value == "unknown" ? true : nil, value)
            case "unreadable":
                let field = CheckRequest.Field.allCases.first { "\($0)" == value }
                request.markUnreadable(try need(field, value))
            case "at": facts.now = try ZoneCases.time(value)
            case "daily": facts.dailySpent = try PolicyRules.money(value, at: place)
            case "monthly": facts.monthlySpent = try PolicyRules.money(value, at: place)
            case "total": facts.totalSpent = try PolicyRules.money(value, at: place)
            case "price":
                let sides = value.split(separator: "/", omittingEmptySubsequences: false)
                guard sides.count == 2 else { throw BadTable(place: place, what: value) }
                facts.price = ModelPrice(
                    input: try PolicyRules.price(sides[0], at: place),
                    output: try PolicyRules.price(sides[1], at: place)
                )
            default: throw BadTable(place: place, what: "no word '\(name)'")
            }
        }
    }

    private func need<Value>(_ value: Value?, _ text: String) throws -> Value {
        guard let value else { throw BadTable(place: place, what: "'\(text)'") }
        return value
    }
}

/// A policy that cannot be, and the field that is at fault.
struct PolicyProblemCase: Sendable, CustomTestStringConvertible {
    let place: String
    let title: String
    let rules: PolicyRules
    let path: String

    var testDescription: String { "\(place), \(title): \(path)" }
}

/// Reads tables of policies; `Cases/README.md` says how they are written.
enum PolicyTable {
    /// The zones that the tables name: those under `Cases/Limits/Zones`.
    static let zones = ZoneCatalogue { try? ZoneCases.bytes($0) }

    static func all() throws -> [PolicyCase] {
        try read("Policies").flatMap { block in
            try block.lines.map { line in
                PolicyCase(
                    place: line.place,
                    title: block.title,
                    rules: block.rules,
                    words: try PolicyRules.words(line.request, at: line.place),
                    expected: try denial(line.outcome, at: line.place)
                )
            }
        }
    }

    static func problems() throws -> [PolicyProblemCase] {
        try read("Policies/Problems").map { block in
            guard let line = block.lines.last, block.lines.count == 1, line.request == "" else {
                throw BadTable(place: block.title, what: "must end with one line '=> path'")
            }
            return PolicyProblemCase(
                place: line.place,
                title: block.title,
                rules: block.rules,
                path: String(line.outcome)
            )
        }
    }

    private struct Line {
        let place: String
        let request: Substring
        let outcome: Substring
    }

    /// What stands under one title.
    private struct Block {
        let title: String
        var rules = PolicyRules()
        var lines: [Line] = []
    }

    private static func read(_ directory: String) throws -> [Block] {
        var blocks: [Block] = []
        for name in try CaseFiles.names(in: directory, suffix: ".txt") {
            let lines = try CaseFiles.lines("\(directory)/\(name)")
            for (index, line) in lines.enumerated() {
                let place = "\(name):\(index + 1)"
                let text = trim(line)
                if text.isEmpty || text.hasPrefix("#") { continue }
                if text.hasPrefix("["), text.hasSuffix("]") {
                    blocks.append(Block(title: String(text.dropFirst().dropLast())))
                    continue
                }
                guard !blocks.isEmpty else { throw BadTable(place: place, what: "no title") }
                let last = blocks.count - 1
                if let arrow = text.firstRange(of: "=>") {
                    blocks[last].lines.append(
                        Line(
                            place: place,
                            request: trim(text[..<arrow.lowerBound]),
                            outcome: trim(text[arrow.upperBound...])
                        )
                    )
                } else {
                    try blocks[last].rules.add(text, at: place)
                }
            }
        }
        return blocks
    }

    private static func denial(_ text: Substring, at place: String) throws -> PolicyDenial? {
        if text == "allowed" { return nil }
        let words = text.split(separator: " ")
        guard words.count == 2, let reason = Reason(code: String(words[0])) else {
            throw BadTable(place: place, what: "no outcome '\(text)'")
        }
        let parts = words[1].split(separator: ":")
        let index = parts.count == 2 ? Int(parts[1]) : nil
        switch (parts[0], index) {
        case ("statement", let index?):
            return PolicyDenial(reason: reason, cause: .statement(index))
        case ("rule", let index?): return PolicyDenial(reason: reason, cause: .rule(index))
        case ("no-statement", nil): return PolicyDenial(reason: reason, cause: .noStatement)
        case ("no-rule", nil): return PolicyDenial(reason: reason, cause: .noRule)
        case ("pricing", nil): return PolicyDenial(reason: reason, cause: .pricing)
        default: throw BadTable(place: place, what: "no cause '\(words[1])'")
        }
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}
