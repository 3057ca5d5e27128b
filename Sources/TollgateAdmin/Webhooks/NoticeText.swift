package import TollgateCore
package import TollgateEngine

/// Notices as receivers read them.
package enum NoticeText {
    /// What a draft has to say, as a JSON object.
    package static func data(of draft: NoticeDraft) -> String {
        let key = draft.key
        var members: [JSONValue.Member] = [
            .init("key_id", .string("\(key.id)")),
            .init("key_name", .string(key.name)),
            .init("organization_id", JSONValue(key.organization)),
            .init("team_id", JSONValue(key.team)),
            .init("user_id", JSONValue(key.user)),
        ]
        members += facts(draft.fact)
        return JSONValue.object(members).text()
    }

    private static func facts(_ fact: NoticeDraft.Fact) -> [JSONValue.Member] {
        switch fact {
        case .managed(let action):
            [
                .init("action", .string(action.name)),
                .init("changed_fields", JSONValue(action.fields)),
                .init("actor_key_id", JSONValue(action.actor.map { "\($0)" })),
            ]
        case .limitExceeded(let name, let level, let reason, let count, let state):
            [
                .init("reason", .string("\(reason.code)")),
                .init("limit", state.map(UsageDocument.json) ?? limit(name, level)),
                .init("denied_requests", JSONValue(count)),
            ]
        case .threshold(let percentage, let state):
            [
                .init("threshold", .integer(Int64(percentage))),
                .init("limit", UsageDocument.json(state)),
            ]
        case .authFailures(let count, let reasons):
            [
                .init("refused_requests", JSONValue(count)),
                .init("reasons", JSONValue(reasons.map { "\($0.code)" })),
            ]
        case .unusualUse: [.init("finding", "unusual_use")]
        case .content(let number, let rule, let count):
            [
                .init("finding", "content_rule"),
                .init("rule", JSONValue(rule?.name)),
                .init("rule_number", .integer(Int64(number))),
                .init("action", JSONValue(rule.map { $0.isBlocking ? "block" : "alert" })),
                .init("found_requests", JSONValue(count)),
            ]
        }
    }

    /// A limit that is not there any more.
    private static func limit(_ name: LimitName, _ level: LimitLevel) -> JSONValue {
        ["name": .string("\(name.text)"), "level": .string("\(level.text)")]
    }

    /// The body of a delivery.
    package static func body(of notice: Notice) -> [UInt8] {
        let type = JSONValue.string(notice.event.rawValue).text()
        let time = JSONValue.string(Timestamp.text(notice.time)).text()
        return Array(#"{"type":\#(type),"timestamp":\#(time),"data":\#(notice.data)}"#.utf8)
    }

    /// What a test says.
    package static func testData(_ webhook: WebhookID) -> String {
        JSONValue.object([
            .init("webhook_id", .string("\(webhook)")),
            .init("message", "This is a test of the webhook."),
        ]).text()
    }
}
