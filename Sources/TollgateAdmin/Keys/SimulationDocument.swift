internal import TollgateCore
internal import TollgateEngine

/// A decision that was only tried, as the API shows it.
enum SimulationDocument {
    /// Writes a decision.
    ///
    /// - Parameters:
    ///   - simulation: what would be decided.
    ///   - told: what a client would be told.
    ///   - id: the key.
    ///   - time: when the request would come.
    /// - Returns: the decision as an object.
    static func json(
        _ simulation: Simulation,
        _ told: ClientAnswer,
        of id: KeyID,
        at time: WallTime
    ) -> JSONValue {
        let verdict = simulation.verdict
        let limits = (0..<simulation.limits.count).map { simulation.limits[$0] }
        let denied = verdict.limit.flatMap { simulation.limits.state(of: $0.limit, at: $0.level) }
        return [
            "key_id": .string("\(id)"),
            "at": .string(Timestamp.text(time)),
            "allowed": .bool(verdict.isAllowed),
            "reason": json(verdict.reason),
            "monitored_reason": json(verdict.monitored),
            "message": .string(told.message),
            "http_status": .integer(Int64(told.status)),
            "retry_after_ms": JSONValue(verdict.limit?.retryAfter ?? 0),
            "affordable_tokens": JSONValue(verdict.affordableTokens),
            "reserved_tokens": .integer(verdict.charge?.amounts.tokens ?? 0),
            "reserved_cost_usd": JSONValue(Money(nanos: verdict.charge?.amounts.cost ?? 0)),
            "limit": denied.map { UsageDocument.json($0) } ?? .null,
            "limits": .array(limits.map { UsageDocument.json($0) }),
            "explanation": JSONValue(simulation.explanation),
        ]
    }

    private static func json(_ reason: Reason) -> JSONValue {
        reason == .allowed ? .null : .string("\(reason.code)")
    }
}

/// What goes into a simulation, and what comes out.
enum SimulationSchema {
    /// The request that is asked about.
    static let request = JSONSchema.object(
        SimulatedRequest.texts.map { member($0.name, JSONSchema.text.orNull) } + [
            member("tokens", JSONSchema.whole(0...Int64.max).orNull, "Prompt and answer at most."),
            member("input_tokens", JSONSchema.whole(0...Int64.max).orNull, "Of these, the prompt."),
            member("client_ip", JSONSchema.text.orNull),
            member("content", JSONSchema.text.orNull, "A text of it, for the content rules."),
            member("at", JSONSchema.time.orNull, "When it comes; now if not said."),
        ]
    ).named("SimulatedRequest")

    /// What would be decided.
    static let decision = JSONSchema.object(
        [
            member("key_id", .text), member("at", .time), member("allowed", .flag),
            member("reason", JSONSchema.text.orNull, "Why it is denied."),
            member(
                "monitored_reason",
                JSONSchema.text.orNull,
                "Why it would be denied, were the key not only monitored."
            ),
            member("message", .text, "The reason for people."), member("http_status", .whole),
            member(
                "retry_after_ms",
                .whole,
                "After how long it may pass; 0 when waiting is no help."
            ),
            member("affordable_tokens", .whole, "The most tokens that would pass, of a denial."),
            member("reserved_tokens", .whole, "What would be held until it is settled."),
            member("reserved_cost_usd", .number),
            member("limit", UsageSchema.limit.orNull, "The limit that denies."),
            member("limits", .list(of: UsageSchema.limit), "The eight tightest."),
            member("explanation", .texts, "A line for each check."),
        ].map { member in
            var member = member
            member.isRequired = true
            return member
        }
    ).named("SimulatedDecision")

    private static func member(
        _ name: String,
        _ schema: JSONSchema,
        _ description: String = ""
    ) -> JSONSchema.Member {
        JSONSchema.Member(name: name, description: description, schema: schema, isRequired: false)
    }
}
