internal import Testing
internal import TollgateTesting

@testable internal import TollgateCore

@Suite("A policy")
struct PolicyTests {
    @Test("says what the tables say", arguments: try PolicyTable.all())
    func table(_ line: PolicyCase) throws {
        let policy = try line.rules.compile()
        var request = CheckRequest()
        var facts = PolicyFacts(now: try ZoneCases.time("2030-01-15T12:00:00Z"))
        try line.fill(&request, &facts)
        #expect(policy.denial(of: request, given: facts) == line.expected)
    }

    @Test("has an allowing and a denying case for each condition")
    func tablesAreComplete() throws {
        let cases = try PolicyTable.all()
        #expect(cases.count >= 220)
        let conditions: [(PolicyCondition) -> Bool] = [
            { $0.isIn != nil }, { $0.notIn != nil }, { $0.timeBetween != nil },
            { $0.dateBetween != nil }, { $0.ipIn != nil }, { $0.regionIn != nil },
            { $0.tokensUnder != nil }, { $0.dailyBudget.under != nil },
            { $0.dailyBudget.over != nil }, { $0.monthlyBudget.under != nil },
            { $0.monthlyBudget.over != nil }, { $0.totalBudget.under != nil },
            { $0.totalBudget.over != nil },
        ]
        for (index, isThere) in conditions.enumerated() {
            let outcomes = cases.filter { line in
                line.rules.document?.statements.contains { isThere($0.condition) } ?? false
            }
            #expect(outcomes.contains { $0.expected == nil }, "condition \(index)")
            #expect(outcomes.contains { $0.expected != nil }, "condition \(index)")
        }
    }

    @Test("that cannot be names the field at fault", arguments: try PolicyTable.problems())
    func problems(_ line: PolicyProblemCase) throws {
        let problem = try #require(throws: PolicyProblem.self) { try line.rules.compile() }
        #expect(problem.path == line.path)
        #expect(problem.message.hasPrefix("must ") || problem.message.hasPrefix("does "))
    }

    @Test("is refused beyond the bounds, and taken up to them")
    func bounds() throws {
        let names = (0...PolicyBounds.entries).map { "n\($0)" }
        let most = Array(names.dropLast())
        let statement = PolicyStatement(effect: .allow, actions: ["*"], resources: ["*"])
        func path(_ rules: [IAMRule], _ statements: [PolicyStatement]) -> String? {
            do {
                let document = PolicyDocument(statements: statements)
                _ = try Policy(document, rules: rules, zones: .utcOnly)
                return nil
            } catch {
                return error.path
            }
        }
        func with(_ edit: (inout PolicyStatement) -> Void) -> [PolicyStatement] {
            var statement = statement
            edit(&statement)
            return [statement]
        }
        let limit = PolicyBounds.statements
        #expect(path(Array(repeating: .denyModels(["a"]), count: limit), []) == nil)
        #expect(path(Array(repeating: .denyModels(["a"]), count: limit + 1), []) == "iam_rules")
        #expect(path([.denyModels(names)], []) == "iam_rules[0].models")
        #expect(path([], Array(repeating: statement, count: limit)) == nil)
        let tooMany = Array(repeating: statement, count: limit + 1)
        #expect(path([], tooMany) == "policy.statements")
        #expect(path([], with { $0.actions = most }) == nil)
        #expect(path([], with { $0.actions = names }) == "policy.statements[0].actions")
        let resources = names.map { "model:\($0)" }
        #expect(path([], with { $0.resources = resources }) == "policy.statements[0].resources")
        let condition = "policy.statements[0].condition"
        #expect(path([], with { $0.condition.regionIn = names }) == condition + ".region_in")
        let addresses = names.map { "::" + $0.dropFirst() }
        #expect(path([], with { $0.condition.ipIn = addresses }) == condition + ".ip_in")
        let fitting = PolicyBounds.allEntries / most.count
        #expect(path(Array(repeating: .denyModels(most), count: fitting), []) == nil)
        #expect(path(Array(repeating: .denyModels(most), count: fitting + 1), []) == "iam_rules")
        let full = with { $0.resources = most.map { "model:\($0)" } }
        #expect(path([], (0..<fitting).flatMap { _ in full }) == nil)
        #expect(path([], (0...fitting).flatMap { _ in full }) == "policy.statements")
        let long = String(repeating: "a", count: Pattern.lengthLimit + 1)
        #expect(path([], with { $0.actions = [long] }) == "policy.statements[0].actions[0]")
    }

    @Test("says whether it asks what was spent")
    func spending() throws {
        func asks(_ line: Substring) throws -> Bool {
            var rules = PolicyRules()
            try rules.add(line, at: "here")
            return try rules.compile().asksForSpending
        }
        #expect(try !asks("Allow tokens_under=1"))
        for line in [
            "Allow daily_budget_under=1", "Deny monthly_budget_over=1",
            "Deny tokens_under=2 total_budget_over=1",
        ] {
            #expect(try asks(line[...]))
        }
    }

    @Test("judges at any time that there is")
    func extremes() throws {
        var rules = PolicyRules()
        try rules.add("Allow time_between=09:00..08:59@America/New_York days=mon", at: "here")
        try rules.add("Deny date_between=0000-01-01..9999-12-31@America/New_York", at: "here")
        let policy = try rules.compile()
        let request = CheckRequest()
        for milliseconds in [Int64.min, .max] {
            let facts = PolicyFacts(now: WallTime(milliseconds: milliseconds))
            #expect(policy.denial(of: request, given: facts)?.cause != .statement(1))
            #expect(!policy.explanation(of: request, given: facts).isEmpty)
        }
    }
}
