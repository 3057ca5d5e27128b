/// What may be in the texts of a request.
extension Decide {
    /// What a key's rules have against the content of a request.
    ///
    /// Content that cannot be read whole is taken to have what a blocking rule looks for.
    static func objection(
        toContentOf request: borrowing CheckRequest,
        _ rules: ContentRules
    ) -> Objection? {
        switch request.content {
        case .untold: return nil
        case .absent:
            let isBlocked = rules.blocking != 0 && hasContent(request)
            return isBlocked ? Objection(.contentBlocked) : nil
        case .read(let findings) where findings.rules === rules:
            let isBlocked = findings.found & rules.blocking != 0
            let isUncertain = !findings.isWhole && rules.blocking != 0
            return isBlocked || isUncertain ? Objection(.contentBlocked) : nil
        // Not read, or by rules that have changed meanwhile.
        case .unread, .read: return Objection(.contentBlocked, needsContent: true)
        }
    }

    /// Whether a request has texts in its body: what generates, embeds or judges them, and whatever
    /// does not say what it is.
    private static func hasContent(_ request: borrowing CheckRequest) -> Bool {
        let action = request[.action]
        if request.isUnreadable(.action) || action.isEmpty { return true }
        return Action.isPaid(action) || Action.isOf("moderations:", action)
            || Action.isOf("completions:", action)
    }

    /// What content rules say, as a line of an explanation.
    static func contentLine(_ request: borrowing CheckRequest, _ rules: ContentRules) -> String {
        let objection = objection(toContentOf: request, rules)
        let found = rules.names(of: request.content.found(by: rules))
        if !found.isEmpty {
            let verdict = objection == nil ? "passes" : "denies"
            let code = objection.map { " (\($0.reason.code))" } ?? ""
            return "content: \(verdict)\(code), rules found: \(found.joined(separator: ", "))"
        }
        if case .untold = request.content { return "content: not told, so no rule was asked" }
        let isBlocked = objection != nil
        return isBlocked
            ? "content: denies (\(Reason.contentBlocked.code)), it cannot be read whole"
            : "content: passes"
    }
}
