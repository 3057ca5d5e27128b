/// A name in which `*` stands for any run of characters, the empty one included.
///
/// ASCII capitals and small letters are alike: a denied `gpt-4o` cannot be reached as `GPT-4o`.
package struct Pattern: Hashable, Sendable {
    /// The longest pattern that is taken, in bytes.
    package static let lengthLimit = 256

    private let bytes: [UInt8]
    private let hasWildcard: Bool

    /// The pattern as it was written.
    package let text: String

    /// Compiles a pattern; nil when it is empty, too long or not text.
    package init?(_ text: String) {
        let raw = Array(text.utf8)
        guard !raw.isEmpty, raw.count <= Pattern.lengthLimit, Text.isValid(raw.span) else {
            return nil
        }
        self.text = text
        bytes = raw.map(Text.lowercase)
        hasWildcard = raw.contains(UInt8(ascii: "*"))
    }

    /// Whether it stands for one name only.
    package var isName: Bool { !hasWildcard }

    /// Whether the pattern stands for this name.
    package func matches(_ name: Span<UInt8>) -> Bool {
        hasWildcard ? matchesWild(name) : matchesExactly(name)
    }

    /// Whether the pattern stands for one of these names.
    func matchesAny(_ names: [[UInt8]]) -> Bool {
        for index in names.indices {
            let name = names[index]
            if matches(name.span) { return true }
        }
        return false
    }

    private func matchesExactly(_ name: Span<UInt8>) -> Bool {
        let pattern = bytes.span
        guard pattern.count == name.count else { return false }
        for index in 0..<name.count where pattern[index] != Text.lowercase(name[index]) {
            return false
        }
        return true
    }

    /// Greedy matching with one point of return: linear in practice, bounded by the product of
    /// both lengths whatever the input.
    private func matchesWild(_ name: Span<UInt8>) -> Bool {
        let pattern = bytes.span
        var place = 0
        var index = 0
        var returnPlace = -1
        var returnIndex = 0
        while index < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                returnPlace = place
                returnIndex = index
                place += 1
            } else if place < pattern.count, pattern[place] == Text.lowercase(name[index]) {
                place += 1
                index += 1
            } else if returnPlace >= 0 {
                returnIndex += 1
                place = returnPlace + 1
                index = returnIndex
            } else {
                return false
            }
        }
        while place < pattern.count, pattern[place] == UInt8(ascii: "*") { place += 1 }
        return place == pattern.count
    }
}

/// What a key may and may not name in one dimension: its models, say, or its regions.
package struct NameRule: Sendable {
    /// The most patterns in each list.
    package static let patternLimit = 1000

    /// Names that may be used; empty means any.
    package let allowed: [Pattern]

    /// Names that may not be used, whatever `allowed` says.
    package let denied: [Pattern]

    /// The rule that restricts nothing.
    package static let any = NameRule(allowed: [], denied: [])

    package init(allowed: [Pattern], denied: [Pattern]) {
        self.allowed = allowed
        self.denied = denied
    }

    /// The one name that is allowed; nil when there are several, or any.
    package var onlyName: Pattern? {
        allowed.count == 1 && allowed[0].isName ? allowed[0] : nil
    }

    /// Whether the rule says anything at all.
    package var restricts: Bool { !allowed.isEmpty || !denied.isEmpty }

    /// Whether the name may be used.
    ///
    /// A request that leaves out a name which the key restricts does not pass: what is not known
    /// cannot be shown to be allowed, nor not to be denied.
    ///
    /// - Parameters:
    ///   - name: as the request has it; empty when it has none.
    ///   - names: what else the same thing is called.
    /// - Returns: whether one of the names is allowed, and none is denied.
    package func permits(_ name: Span<UInt8>, alsoCalled names: [[UInt8]] = []) -> Bool {
        guard restricts else { return true }
        guard !name.isEmpty else { return false }
        if NameRule.has(denied, name, names) { return false }
        return allowed.isEmpty || NameRule.has(allowed, name, names)
    }

    private static func has(
        _ patterns: [Pattern],
        _ name: Span<UInt8>,
        _ names: [[UInt8]]
    ) -> Bool {
        for index in patterns.indices {
            if patterns[index].matches(name) || patterns[index].matchesAny(names) { return true }
        }
        return false
    }
}
