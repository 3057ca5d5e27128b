internal import Foundation
internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateAdmin

@Suite("Policies as JSON")
struct PolicyJSONTests {
    @Test("Documented policies do what their text promises", arguments: try documentedCases())
    func documented(_ line: DocumentedPolicy) throws {
        let policy = try compile(line.document)
        var request = CheckRequest()
        try line.fill(&request)
        let denial = policy.denial(of: request, given: try line.facts())
        let expected = try #require(line.text("outcome"))
        #expect("\(denial?.reason.code ?? "")" == expected)
        let last = try #require(policy.explanation(of: request, given: try line.facts()).last)
        let isExplained = expected == "" ? "policy: passes" : "policy: denies (\(expected))"
        #expect(last.hasPrefix(isExplained))
    }

    @Test("Documented policies read as they were written")
    func documentedRoundTrip() throws {
        for line in try Self.documentedCases() {
            if let policy = line.document["policy"] {
                let read = try PolicyReader.document(policy, at: Self.path("policy"))
                let written = PolicyJSON.json(read)
                #expect(try PolicyReader.document(written, at: Self.path("policy")) == read)
                // The one number of the documents has another spelling.
                #expect(written.text() == policy.text().replacing("1000.0", with: "1000"))
            }
            if let rules = line.document["iam_rules"] {
                let read = try PolicyReader.rules(rules, at: Self.path("iam_rules"))
                #expect(JSONValue.array(read.map { PolicyJSON.json($0) }) == rules)
            }
        }
    }

    @Test("Whatever a policy says is written and read again")
    func roundTrip() throws {
        let text = """
            {"version":"2024-01-01","statements":[{"effect":"Deny","actions":["chat:*","é"],\
            "resources":["model:*"],"condition":{"in":["a"],"not_in":["b","c"],\
            "time_between":{"start":"22:00","end":"06:00:01","timezone":"UTC","days":["mon","sunday"]},\
            "date_between":{"start":"2030-01-01","end":"2030-12-31T00:00:00Z","timezone":"UTC"},\
            "daily_budget_under":0.000000001,"daily_budget_over":0,"monthly_budget_under":2.5,\
            "monthly_budget_over":1,"total_budget_under":9223372036.854775807,\
            "total_budget_over":1000,"ip_in":["::1"],"tokens_under":9223372036854775807,\
            "region_in":["EU"]}},{"effect":"Allow","actions":["*"],"resources":["*"]}]}
            """
        let value = try Self.parse(text)
        let document = try PolicyReader.document(value, at: Self.path("policy"))
        #expect(PolicyJSON.json(document).text() == text)
        _ = try compile(["policy": value])
    }

    @Test("Null and what is left out are the same, a condition without members is none")
    func nulls() throws {
        let plain = """
            {"statements":[{"effect":"Deny","actions":["*"],"resources":["*"]}]}
            """
        let nulls = """
            {"version":null,"statements":[{"effect":"Deny","actions":["*"],"resources":["*"],\
            "condition":{"in":null,"time_between":null,"daily_budget_under":null}}]}
            """
        let path = Self.path("policy")
        let document = try PolicyReader.document(try Self.parse(plain), at: path)
        #expect(try PolicyReader.document(try Self.parse(nulls), at: path) == document)
        #expect(document.version == PolicyDocument.currentVersion)
        #expect(document.statements[0].condition == PolicyCondition())
    }

    @Test("A pricing restriction is merged into the one that is there")
    func pricing() throws {
        let old = PricingRule(tier: .paid, maxInputPrice: 2_500_000, maxOutputPrice: 10_000_000)
        func merged(_ text: String) throws -> PricingRule {
            let value = try Self.parse(text)
            return try PolicyReader.pricing(value, at: Self.path("pricing"), mergedInto: old)
        }
        #expect(try merged("{}") == old)
        #expect(try merged(#"{"tier":null}"#).tier == .any)
        #expect(try merged(#"{"max_input_price":null}"#).maxInputPrice == nil)
        #expect(try merged(#"{"max_output_price":1e-6}"#).maxOutputPrice == 1)
        let text = #"{"tier":"paid","max_input_price":2.5,"max_output_price":10}"#
        #expect(PolicyJSON.json(old).text() == text)
        #expect(PolicyJSON.json(PricingRule()).text() == #"{"tier":"any"}"#)
        let again = try PolicyReader.pricing(try Self.parse(text), at: Self.path("pricing"))
        #expect(again == old)
    }

    @Test("What cannot be is a 400 with the path", arguments: try refusedCases())
    func refusals(_ row: [String]) throws {
        let document = JSONValue.object([JSONValue.Member(row[0], try Self.parse(row[1]))])
        let error = try #require(throws: APIError.self) { try compile(document) }
        #expect("\(error.code) \(error.field ?? "")" == row[2])
    }

    /// The folder of this file; `Cases` is beside it.
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    private static func refusedCases() throws -> [[String]] {
        let rows = try CaseFile.rows("policies/refusals.txt", file: folder.path)
        try #require(rows.count > 50 && rows.allSatisfy { $0.count == 3 })
        return rows
    }

    /// One request of a documented policy, and the whole case that it is of.
    struct DocumentedPolicy: Sendable, CustomTestStringConvertible {
        let document: JSONValue
        let request: JSONValue

        var testDescription: String {
            "\(document["title"]?.text() ?? ""): \(request.text())"
        }

        func text(_ name: String) -> String? {
            if case .string(let text)? = request[name] { return text }
            return nil
        }

        func fill(_ request: inout CheckRequest) throws {
            try request.set(.action, to: text("action") ?? "chat:completions")
            if let model = text("model") { try request.set(.model, to: model) }
            if let provider = text("provider") { try request.set(.provider, to: provider) }
        }

        func facts() throws -> PolicyFacts {
            let time = try #require(Timestamp.time(text("at") ?? "2025-01-15T15:00:00Z"))
            var facts = PolicyFacts(now: time)
            if let spent = request["monthly"] {
                facts.monthlySpent = Money(nanos: try #require(spent.decimal(decimals: 9)))
            }
            if case .array(let sides)? = request["price"] {
                facts.price = ModelPrice(
                    input: UInt64(try #require(sides[0].decimal(decimals: 6))),
                    output: UInt64(try #require(sides[1].decimal(decimals: 6)))
                )
            }
            return facts
        }
    }

    private static func documentedCases() throws -> [DocumentedPolicy] {
        let url = folder.deletingLastPathComponent()
            .appending(path: "Cases/policies/documented.json")
        guard case .array(let cases) = try JSONParser.value(of: Array(Data(contentsOf: url))) else {
            return []
        }
        let lines = cases.flatMap { document -> [DocumentedPolicy] in
            guard case .array(let requests)? = document["requests"] else { return [] }
            return requests.map { DocumentedPolicy(document: document, request: $0) }
        }
        try #require(lines.count > 30)
        return lines
    }

    private static func parse(_ text: String) throws -> JSONValue {
        try JSONParser.value(of: Array(text.utf8))
    }

    private static func path(_ name: String) -> FieldPath {
        FieldPath().member(name)
    }

    /// New York, as its clocks have been since 2007.
    private static let zones = ZoneCatalogue { name in
        guard name == "America/New_York" else { return nil }
        let header: [UInt8] = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
        // No changes, and one offset that the line below replaces.
        let counts: [UInt8] = [
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1,
        ]
        let part = header + counts + [UInt8](repeating: 0, count: 7)
        return part + part + Array("\nEST5EDT,M3.2.0,M11.1.0\n".utf8)
    }

    /// Reads and compiles the members of a key that are about policies.
    private func compile(_ key: JSONValue) throws -> Policy {
        let document = try key["policy"].map {
            try PolicyReader.document($0, at: Self.path("policy"))
        }
        let rules = try key["iam_rules"].map {
            try PolicyReader.rules($0, at: Self.path("iam_rules"))
        }
        let pricing = try key["pricing"].map {
            try PolicyReader.pricing($0, at: Self.path("pricing"))
        }
        do {
            return try Policy(document, rules: rules ?? [], pricing: pricing, zones: Self.zones)
        } catch {
            throw APIError.invalidField(error.path, error.message)
        }
    }
}
