/// An amount of US dollars, in nano-USD: billionths of a dollar.
///
/// Up to about nine thousand million dollars either way. No operation wraps or traps: what does
/// not fit is nil, and whoever asked denies.
package struct Money: Comparable, Hashable, Sendable {
    package let nanos: Int64

    package static let zero = Money(nanos: 0)

    package init(nanos: Int64) {
        self.nanos = nanos
    }

    package static func < (left: Money, right: Money) -> Bool {
        left.nanos < right.nanos
    }

    /// The sum; nil when it is more than an amount can say.
    package func adding(_ other: Money) -> Money? {
        let (sum, overflow) = nanos.addingReportingOverflow(other.nanos)
        return overflow ? nil : Money(nanos: sum)
    }

    /// The difference; nil when it is more than an amount can say.
    package func subtracting(_ other: Money) -> Money? {
        let (difference, overflow) = nanos.subtractingReportingOverflow(other.nanos)
        return overflow ? nil : Money(nanos: difference)
    }

    /// The amount that covers this many pico-USD: rounded up, so that nothing is given away.
    ///
    /// - Returns: nil when it is more than an amount can say.
    fileprivate init?(covering picos: UInt128) {
        // A 128-bit division costs several times as much, and few requests need one.
        if let small = UInt64(exactly: picos) {
            let (whole, rest) = small.quotientAndRemainder(dividingBy: 1000)
            nanos = Int64(whole) + (rest == 0 ? 0 : 1)
        } else {
            let (whole, rest) = picos.quotientAndRemainder(dividingBy: 1000)
            guard let nanos = Int64(exactly: whole + (rest == 0 ? 0 : 1)) else { return nil }
            self.nanos = nanos
        }
    }
}

/// The tokens that one request used.
package struct TokenCounts: Equatable, Sendable {
    /// All of the prompt, the cached part included.
    package let input: UInt64
    /// What of the prompt came from the provider's cache.
    ///
    /// More than `input` is not possible but may be reported; then all of it costs what cached
    /// input costs.
    package let cachedInput: UInt64
    /// What was generated.
    package let output: UInt64

    package init(input: UInt64, cachedInput: UInt64 = 0, output: UInt64) {
        self.input = input
        self.cachedInput = cachedInput
        self.output = output
    }
}

extension ModelPrice {
    /// What a request cost: exact in pico-USD, then rounded up once to nano-USD.
    ///
    /// Any counts will do: three products of 64 and 41 bits fit in 128.
    ///
    /// - Returns: nil when it is more than an amount can say.
    package func cost(of tokens: TokenCounts) -> Money? {
        let fresh = tokens.input - min(tokens.cachedInput, tokens.input)
        let picos =
            UInt128(fresh) * UInt128(input)
            + UInt128(tokens.cachedInput) * UInt128(cachedInput ?? input)
            + UInt128(tokens.output) * UInt128(output)
        return Money(covering: picos)
    }

    /// The most that a request can cost before it is known what it uses.
    ///
    /// No request whose prompt has at most `input` tokens, cached or not, and whose answer has at
    /// most the rest of `tokens`, costs more.
    ///
    /// - Parameters:
    ///   - tokens: the prompt and the most that may be generated.
    ///   - input: the prompt's part of it. 0 means that it is not known, and the dearest rate
    ///     counts for all tokens.
    /// - Returns: nil when it is more than an amount can say.
    package func highestCost(tokens: UInt64, input: UInt64) -> Money? {
        let dearestInput = max(self.input, cachedInput ?? 0)
        guard input > 0 else {
            return Money(covering: UInt128(tokens) * UInt128(max(dearestInput, output)))
        }
        let generated = tokens - min(input, tokens)
        return Money(
            covering: UInt128(input) * UInt128(dearestInput)
                + UInt128(generated) * UInt128(output)
        )
    }
}
