internal import TollgateCore
internal import TollgateEngine

/// A row of the audit trail, as `AuditDocument` shows it.
enum AuditSchema {
    /// A recorded decision, or something that an administrator has done.
    static let entry = JSONSchema.object(head + question + answer + usage + crowd + action)
        .named("AuditEntry")

    private static let head =
        [
            member("timestamp", .time), member("id", .text),
            member("type", .words(["decision", "management"])),
        ] + texts(["key_id", "api_key_id", "api_key_name"])

    private static let question =
        texts([
            "request_id", "model", "provider", "supplier", "region", "ip_address", "user_agent",
        ])
        + [
            member("action", JSONSchema.text.orNull),
            member("metadata", .map(of: .text), isRequired: false),
        ]

    private static let answer =
        [
            member("status", .words(["success", "denied"])),
            member(
                "limit",
                JSONSchema.object([member("name", .text), member("level", .text)]).orNull,
                isRequired: false
            ),
            member("found_content_rules", .list(of: .whole), isRequired: false),
            member("unusual_use", .flag, isRequired: false),
        ] + texts(["reason", "monitored_reason", "reservation_id"])

    private static let usage =
        [
            member(
                "tokens",
                .object(
                    counts(["prompt", "completion", "total", "cached"])
                        + [member("requested", .whole), member("requested_input", .whole)]
                ),
                isRequired: false
            ),
            member("outcome", JSONSchema.text.orNull, isRequired: false),
            member("cost_usd", JSONSchema.number.orNull, isRequired: false),
            member("reserved_cost_usd", JSONSchema.number.orNull, isRequired: false),
            member("settled_at", JSONSchema.time.orNull, isRequired: false),
        ]
        + counts([
            "input_tokens", "output_tokens", "cached_input_tokens", "latency_ms", "upstream_status",
        ])
        + texts(["billed_model", "billed_provider", "billed_supplier", "billed_region"])

    /// Of a row that stands for many requests without a key.
    private static let crowd = [
        member("count", .whole, isRequired: false),
        member("first_seen", .time, isRequired: false),
        member("last_seen", .time, isRequired: false),
        member("other_sources", .flag, isRequired: false),
    ]

    /// Of a row that is something that an administrator has done.
    private static let action = [
        member("target", JSONSchema.text.orNull, isRequired: false),
        member("fields", .texts, isRequired: false),
    ]

    static let parameters: [OperationShape.Parameter] = [
        .init("key_id", .text, "Rows of this key."),
        .init("model", .text, "Decisions on this model."),
        .init("status", .words(["allowed", "success", "denied"]), "With this outcome."),
        .init(
            "reason",
            .words(Reason.allCases.filter { $0 != .allowed }.map { "\($0.code)" }),
            "Denied for this reason."
        ),
        .init(
            "type",
            .words(["decision", "management", "all"]),
            "Decisions (if not said), what administrators have done, or both."
        ),
        .init("since", .time, "Not before this time."),
        .init("until", .time, "Before this time."),
        .overHTTP(
            "format",
            .words(["json", "jsonl", "csv"]),
            "A page of JSON (if not said), or all rows as JSON Lines or CSV."
        ),
        .init(
            "limit",
            .any(of: [.whole(1...1000), .words(["all"])]),
            "How many rows a page has, 100 if not said; all for one page with everything."
        ),
        .init("cursor", .text, "The next_cursor of the page before."),
        ListOrder<AuditSortField>.parameter(usually: "The newest first"),
        .header("X-API-Key-ID", .text, "The same as key_id."),
    ]

    private static func texts(_ names: [String]) -> [JSONSchema.Member] {
        names.map { name in
            member(name, JSONSchema.text.orNull, isRequired: name.hasSuffix("key_id"))
        }
    }

    private static func counts(_ names: [String]) -> [JSONSchema.Member] {
        names.map { member($0, JSONSchema.whole.orNull, isRequired: false) }
    }

    private static func member(
        _ name: String,
        _ schema: JSONSchema,
        isRequired: Bool = true
    ) -> JSONSchema.Member {
        JSONSchema.Member(name: name, description: "", schema: schema, isRequired: isRequired)
    }
}
