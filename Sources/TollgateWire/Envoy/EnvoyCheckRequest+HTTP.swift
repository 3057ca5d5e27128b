// What proxies that speak plain HTTP tell is what Envoy puts into a message, so it is kept in the
// same place, and one translation serves both.
extension EnvoyCheckRequest {
    /// Begins a question that comes as a plain HTTP request; its headers follow.
    ///
    /// - Parameters:
    ///   - path: of the request that is asked about, with its query; empty when it is not told.
    ///   - body: of that request; empty when it is not shown.
    package init(path: ByteRange, body: ByteRange) {
        self.init()
        self.path = path
        rawBody = body
        size = Int64(body.count)
    }

    /// Takes one header, when it is one that matters.
    ///
    /// - Throws: `tooMany`, or `notText` for one that matters and is none.
    package mutating func read(
        header name: ByteRange,
        _ value: ByteRange,
        of message: Span<UInt8>
    ) throws(WireError) {
        try countHeader()
        if KnownHeader.mayBe(name, of: message) { try add(name, value, of: message) }
    }

    /// Notes who connected to the proxy, which must be text.
    package mutating func notePeer(
        _ address: ByteRange,
        of message: Span<UInt8>
    ) throws(WireError) {
        guard WireText.isValid(message, in: address) else { throw .notText }
        peerAddress = address
    }

    /// Forgets the body: it is not that of the request that is asked about.
    package mutating func forgetBody() {
        rawBody = .empty
        size = 0
    }

    /// Forgets how long the body is said to be: so long is that of the question, where it has one.
    package mutating func forgetLength() {
        headers.contentLength = .empty
    }

    /// Notes how long a prompt can be at most that is not shown.
    package mutating func notePromptBound(_ bytes: UInt64) {
        structInfo = AIRequestInfo(estimatedInputTokens: bytes)
    }
}
