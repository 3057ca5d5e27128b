/// What is known of the texts in a request.
package enum RequestContent: Sendable {
    /// Nobody has looked yet: a key with rules needs them to be read first.
    case unread
    /// The request came without them: by a way that carries none, or without its body.
    case absent
    /// Nobody says what they would be: rules are not asked.
    case untold
    /// They were read.
    case read(ContentFindings)

    /// Which of a key's rules were found; none unless it was they that were looked for.
    func found(by rules: ContentRules) -> UInt64 {
        guard case .read(let findings) = self, findings.rules === rules else { return 0 }
        return findings.found
    }
}

/// What was found in the texts of a request.
package struct ContentFindings: Sendable {
    /// What was looked for.
    package let rules: ContentRules
    /// The rules that were found, a bit for each.
    package let found: UInt64
    /// Whether all texts were read, to their ends.
    package let isWhole: Bool

    /// What a scan has found.
    package init(_ scan: borrowing ContentScan, isWhole: Bool) {
        rules = scan.rules
        found = scan.found
        self.isWhole = isWhole
    }

    private init(_ rules: ContentRules, _ found: UInt64) {
        self.rules = rules
        self.found = found
        isWhole = false
    }

    /// The same for a body of which more is known not to be here.
    package var inPart: ContentFindings { ContentFindings(rules, found) }
}
