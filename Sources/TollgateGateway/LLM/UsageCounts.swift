/// The counts of tokens in an answer, each the last of its name.
struct UsageCounts: Equatable {
    private static let number = 8
    private var values = [8 of UInt64](repeating: 0)
    private var known: UInt8 = 0

    /// The count at a place; nil when it was not told.
    subscript(_ place: UsagePlace) -> UInt64? {
        get {
            guard let number = place.count, known & 1 << UInt8(number) != 0 else { return nil }
            return values[number]
        }
        set {
            guard let number = place.count else { return }
            values[number] = newValue ?? 0
            let bit: UInt8 = 1 << UInt8(number)
            known = newValue == nil ? known & ~bit : known | bit
        }
    }

    /// Takes over what a later event tells.
    mutating func merge(_ later: UsageCounts) {
        for number in 0..<UsageCounts.number where later.known & 1 << UInt8(number) != 0 {
            values[number] = later.values[number]
        }
        known |= later.known
    }

    /// All of the prompt, what was cached included; nil when nothing was told of it.
    ///
    /// Where the prompt is given as a whole, what was cached is part of it. Anthropic and Bedrock
    /// count it beside the rest instead, under other names.
    var input: UInt64? {
        if let prompt = self[.prompt] { return prompt.addingClamped(self[.toolPrompt] ?? 0) }
        guard let input = self[.input] else { return nil }
        return input.addingClamped(self[.cacheRead] ?? 0).addingClamped(self[.cacheWrite] ?? 0)
    }

    /// Of the prompt, what came from a cache.
    var cachedInput: UInt64 { self[.cached] ?? self[.cacheRead] ?? 0 }

    /// What was generated, thinking included; nil when nothing was told of it.
    var output: UInt64? {
        guard let thoughts = self[.thoughts] else { return self[.output] }
        return (self[.output] ?? 0).addingClamped(thoughts)
    }

    static func == (left: UsageCounts, right: UsageCounts) -> Bool {
        for number in 0..<UsageCounts.number where left.values[number] != right.values[number] {
            return false
        }
        return left.known == right.known
    }
}

extension UInt64 {
    /// The sum; the largest number when it is too large.
    fileprivate func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
