import CProtobufC
import CTollgateProto
import Testing
import TollgateCore

@testable import TollgateWire

@Suite("Stored policies")
struct PolicyCodecTests {
    private func bytes(_ write: (inout OutputBuffer) -> Void) -> [UInt8] {
        var output = OutputBuffer(capacity: 64)
        write(&output)
        return (0..<output.count).map { output[$0] }
    }

    private func encode(_ document: PolicyDocument) -> [UInt8] {
        bytes { PolicyCodec.write(document, to: &$0) }
    }

    private func encode(_ rule: IAMRule) -> [UInt8] {
        bytes { PolicyCodec.write(rule, to: &$0) }
    }

    private func document(_ bytes: [UInt8]) throws -> PolicyDocument {
        let message = ProtobufMessage(
            tollgate__storage__v1__policy_document__init,
            allowance: 2 << 20
        )
        return try message.unpack(bytes.span) { message throws(WireError) in
            try PolicyCodec.document(message)
        }
    }

    private func rule(_ bytes: [UInt8]) throws -> IAMRule {
        let message = ProtobufMessage(tollgate__storage__v1__iam_rule__init)
        return try message.unpack(bytes.span) { message throws(WireError) in
            try PolicyCodec.rule(message)
        }
    }

    private func pricing(_ bytes: [UInt8]) throws -> PricingRule {
        let message = ProtobufMessage(tollgate__storage__v1__pricing_rule__init)
        return try message.unpack(bytes.span) { message throws(WireError) in
            try PolicyCodec.pricing(message)
        }
    }

    /// One condition each, beside two that have all and none.
    private static let allConditions: [PolicyCondition] = {
        let edits: [(inout PolicyCondition) -> Void] = [
            { $0.isIn = ["a", "ü*"] },
            { $0.notIn = [] },
            { $0.timeBetween = TimeBetween(start: "09:00", end: "17:00", timezone: "UTC") },
            {
                let days = ["mon", "Tuesday"]
                $0.timeBetween = TimeBetween(start: "", end: "24:00", timezone: "", days: days)
            },
            { $0.dateBetween = DateBetween(start: "2030-01-01", end: "2030-12-31") },
            { $0.dateBetween = DateBetween(start: "", end: "", timezone: "") },
            { $0.dailyBudget.under = Money(nanos: .max) },
            { $0.dailyBudget.over = .zero },
            { $0.monthlyBudget = BudgetBounds(under: Money(nanos: 1), over: Money(nanos: -1)) },
            { $0.totalBudget.over = Money(nanos: .min) },
            { $0.ipIn = ["10.0.0.0/8", ""] },
            { $0.tokensUnder = 0 },
            { $0.tokensUnder = .max },
            { $0.regionIn = ["EU"] },
        ]
        var all = PolicyCondition()
        for edit in edits { edit(&all) }
        let single = edits.map { edit in
            var condition = PolicyCondition()
            edit(&condition)
            return condition
        }
        return single + [all, PolicyCondition()]
    }()

    private static let allRules: [IAMRule] = [
        .allowModels(["gpt-*", ""]), .denyModels([]), .allowProviders(["openai"]),
        .denyProviders(["x", "y"]), .allowPricing(PricingRule(tier: .free)),
        .denyPricing(PricingRule(maxInputPrice: 0, maxOutputPrice: .max)),
    ]

    private func full() -> PolicyDocument {
        PolicyDocument(
            version: "2024-01-01",
            statements: Self.allConditions.map { condition in
                PolicyStatement(
                    effect: .deny,
                    actions: ["*", "chat:*"],
                    resources: ["model:größe"],
                    condition: condition
                )
            }
        )
    }

    @Test("A policy comes back as it was, with each condition", arguments: allConditions)
    func roundTrip(condition: PolicyCondition) throws {
        for effect in PolicyEffect.allCases {
            let statement = PolicyStatement(
                effect: effect,
                actions: ["chat:*", ""],
                resources: [],
                condition: condition
            )
            let written = PolicyDocument(version: "1", statements: [statement, statement])
            #expect(try document(encode(written)) == written)
        }
    }

    @Test("An empty policy comes back as it was")
    func empty() throws {
        let written = PolicyDocument(version: "")
        #expect(encode(written) == [])
        #expect(try document([]) == written)
    }

    @Test("A rule comes back as it was", arguments: allRules)
    func rules(written: IAMRule) throws {
        #expect(try rule(encode(written)) == written)
    }

    @Test("A pricing restriction comes back as it was", arguments: PricingTier.allCases)
    func pricing(tier: PricingTier) throws {
        for price in [nil, 0, 1, UInt64.max] {
            let written = PricingRule(tier: tier, maxInputPrice: price, maxOutputPrice: price)
            #expect(try pricing(bytes { PolicyCodec.write(written, to: &$0) }) == written)
        }
    }

    @Test("The largest policy that can be made can also be read")
    func largest() throws {
        let statements = (0..<PolicyBounds.statements).map { _ in
            PolicyStatement(
                effect: .allow,
                actions: Array(repeating: "a", count: 32),
                resources: Array(repeating: "*", count: 32)
            )
        }
        let written = PolicyDocument(statements: statements)
        #expect(try document(encode(written)) == written)
    }

    @Test("A field of a newer version is refused, wherever it is")
    func newerFields() throws {
        let field: [UInt8] = [0xF0, 0x01, 0x01]
        /// The field within a message within those of the path.
        func nested(_ path: [UInt8]) -> [UInt8] {
            path.reversed().reduce(field) { inner, number in
                [number << 3 | 2, UInt8(inner.count)] + inner
            }
        }
        let paths: [[UInt8]] =
            [[], [2], [2, 4], [2, 4, 3], [2, 4, 3, 4], [2, 4, 4], [2, 4, 4, 3], [2, 4, 9]]
            + [1, 2, 8, 10].map { [2, 4, $0] } + [5, 6, 7].map { [2, 4, $0] }
            + [5, 6, 7].flatMap { [[2, 4, $0, 1], [2, 4, $0, 2]] as [[UInt8]] }
        let valid = encode(full())
        for path in paths {
            // Behind a whole statement, so that nothing else about it is wrong.
            let bytes = path.isEmpty ? valid + field : valid + statement(with: path, nested)
            #expect(throws: WireError.unknownField, "\(path)") { try document(bytes) }
        }
        for path in [[], [2], [3]] as [[UInt8]] {
            let pricing = [0x08, 0x02] + nested(path)
            let rule = [0x08, 0x05, 0x1A, UInt8(pricing.count)] + pricing
            #expect(throws: WireError.unknownField, "\(path)") { try self.rule(rule) }
            #expect(throws: WireError.unknownField, "\(path)") { try self.pricing(pricing) }
        }
        #expect(throws: WireError.unknownField) { try rule([0x08, 0x01] + field) }
    }

    /// A statement that allows, with more in it.
    private func statement(with path: [UInt8], _ nested: ([UInt8]) -> [UInt8]) -> [UInt8] {
        let inner = [0x08, 0x01] + nested(Array(path.dropFirst()))
        return [0x12, UInt8(inner.count)] + inner
    }

    @Test("Values that no writer writes are refused")
    func badValues() {
        for effect: [UInt8] in [[], [0x08, 3], [0x08, 0x81, 0x02]] {
            #expect(throws: WireError.badValue) {
                try document([0x12, UInt8(effect.count)] + effect)
            }
        }
        for bytes: [UInt8] in [
            [], [0x08, 7], [0x08, 1, 0x1A, 2, 0x08, 1], [0x08, 5], [0x08, 5, 0x12, 1, 0x61],
            [0x08, 5, 0x12, 1, 0x61, 0x1A, 2, 0x08, 1], [0x08, 6, 0x1A, 0],
        ] {
            #expect(throws: WireError.badValue, "\(bytes)") { try rule(bytes) }
        }
        for bytes: [UInt8] in [[], [0x08, 4], [0x08, 0x81, 0x02]] {
            #expect(throws: WireError.badValue, "\(bytes)") { try pricing(bytes) }
        }
        #expect(throws: WireError.notText) { try document([0x0A, 1, 0xFF]) }
        #expect(throws: WireError.notText) { try document([0x0A, 1, 0]) }
    }

    @Test("Half a policy is refused or smaller, never another one as large")
    func truncated() {
        let bytes = encode(full())
        for count in bytes.indices {
            #expect((try? document(Array(bytes.prefix(count)))) != full())
        }
    }
}
