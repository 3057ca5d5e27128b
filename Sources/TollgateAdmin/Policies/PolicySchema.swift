internal import TollgateCore

/// Policy documents, IAM rules and pricing, as `PolicyReader` reads them and `PolicyJSON` shows them.
enum PolicySchema {
    private static let maxima = ["max_input_price", "max_output_price"].map { name in
        SchemaField(name, .positive, .clearable, .sometimes, "USD for a million tokens.")
    }

    static let pricing = RecordSchema(
        name: "Pricing",
        fields: [SchemaField("tier", .words(PricingTier.allCases.map(\.name)))] + maxima
    )

    static let document = JSONSchema.object([
        member("version", .text),
        member("statements", .list(of: statement), isRequired: true),
    ]).named("PolicyDocument")

    private static let statement = JSONSchema.object([
        member("effect", .words(PolicyEffect.allCases.map(\.name)), isRequired: true),
        member("actions", .texts, isRequired: true),
        member("resources", .texts, isRequired: true),
        member("condition", condition),
    ]).named("PolicyStatement")

    private static let condition = JSONSchema.object(
        [
            member("in", .texts), member("not_in", .texts), member("ip_in", .texts),
            member("region_in", .texts), member("tokens_under", .whole(1...Int64.max)),
            member("time_between", hours), member("date_between", dates),
        ]
            + ["daily", "monthly", "total"].flatMap { period in
                [
                    member("\(period)_budget_under", .positive),
                    member("\(period)_budget_over", .positive),
                ]
            }
    ).named("PolicyCondition")

    private static let hours = JSONSchema.object([
        member("start", .text, isRequired: true), member("end", .text, isRequired: true),
        member("timezone", .text, isRequired: true), member("days", .texts),
    ])

    private static let dates = JSONSchema.object([
        member("start", .text, isRequired: true), member("end", .text, isRequired: true),
        member("timezone", .text),
    ])

    static let rules = JSONSchema.list(
        of: JSONSchema.object([
            member(
                "type",
                .words([
                    "allow_models", "deny_models", "allow_providers", "deny_providers",
                    "allow_pricing", "deny_pricing",
                ]),
                isRequired: true
            ),
            member("models", .texts), member("providers", .texts),
            member("pricing_type", .words(["free", "paid"])),
            member("max_input_price", .positive), member("max_output_price", .positive),
        ]).named("IAMRule")
    )

    private static func member(
        _ name: String,
        _ schema: JSONSchema,
        isRequired: Bool = false
    ) -> JSONSchema.Member {
        JSONSchema.Member(name: name, description: "", schema: schema, isRequired: isRequired)
    }
}
