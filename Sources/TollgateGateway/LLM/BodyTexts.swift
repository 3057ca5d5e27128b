internal import TollgateCore

/// What becomes of the texts that a pass over a body comes by.
///
/// Known where the pass is compiled, so that one that nobody listens to costs nothing more.
protocol BodyTexts: ~Copyable {
    /// Takes a text, or the beginning of one that was cut off or is broken.
    ///
    /// - Parameters:
    ///   - range: where in the body it is.
    ///   - hasEscapes: whether it may have JSON's.
    ///   - body: what it lies in.
    mutating func take(_ range: Range<Int>, hasEscapes: Bool, _ body: Span<UInt8>)

    /// Takes a number that stands for a token of text.
    mutating func takeToken()
}

/// Nobody wants to read the texts.
struct UnreadTexts: BodyTexts {
    @inline(__always)
    mutating func take(_ range: Range<Int>, hasEscapes: Bool, _ body: Span<UInt8>) {}

    @inline(__always)
    mutating func takeToken() {}
}

/// The texts are looked through for a key's content rules.
struct ScannedTexts: BodyTexts, ~Copyable {
    private var scan: ContentScan
    /// Whether some text came as the numbers of its tokens, which no rule can read.
    private var hasTokens = false

    init(by rules: ContentRules) {
        scan = ContentScan(by: rules)
    }

    mutating func take(_ range: Range<Int>, hasEscapes: Bool, _ body: Span<UInt8>) {
        scan.beginText()
        if hasEscapes {
            JSONEscapes.read(body, range, into: &scan)
        } else {
            scan.read(body.extracting(range))
        }
    }

    mutating func takeToken() {
        hasTokens = true
    }

    /// What was found.
    ///
    /// - Parameter isWhole: whether the pass has come to the end of the body.
    /// - Returns: the findings.
    mutating func finish(isWhole: Bool) -> ContentFindings {
        if isWhole { scan.endTexts() }
        return ContentFindings(scan, isWhole: isWhole && !hasTokens)
    }
}
