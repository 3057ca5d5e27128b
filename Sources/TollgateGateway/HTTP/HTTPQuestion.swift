internal import TollgateCore
internal import TollgateTransport
internal import TollgateWire

/// What a proxy asks by plain HTTP: which request it means, and how it wants to be answered.
///
/// The listener is for proxies, so `x-tollgate-…`, `x-original-…`, `x-forwarded-uri` and `x-real-ip`
/// are the proxy's words; it must replace what a client sends under these names. Where it adds
/// instead, so that one of them comes twice, nothing is decided.
struct HTTPQuestion {
    /// What is told of the request that is asked about.
    private(set) var told: EnvoyCheckRequest
    /// Whether the body may be facts in our own words, and not the request of a client.
    ///
    /// With the client's path in ours, or in `x-forwarded-uri`, proxies pass the client's body.
    let mayHaveFacts: Bool
    /// Whether the path of the request that is asked about is known.
    let hasPath: Bool
    /// Whether the proxy passes only 401 and 403 on.
    let wantsForbidden: Bool
    /// Whether the proxy cannot read a body, so that a denial is in headers only.
    let wantsNoBody: Bool

    /// Reads the head of a request.
    ///
    /// - Throws: what the proxy got wrong.
    init(_ request: PlainRequest, _ message: Span<UInt8>) throws(HTTPProblem) {
        let words = try ProxyWords(request, message)
        let (own, rest) = HTTPQuestion.split(message.bytes(in: words.path), words.path)
        if request.verb == .other { throw HTTPProblem(.wrongMethod) }
        if rest.isEmpty, request.verb != .get, request.verb != .post, request.verb != .head {
            throw HTTPProblem(.wrongMethod)
        }
        let path = rest.isEmpty ? try words.namedPath(of: message) : rest
        hasPath = !path.isEmpty
        mayHaveFacts = rest.isEmpty && words.forwardedURI.isEmpty
        let options = message.bytes(in: own)
        let status = message.bytes(in: words.denyStatus)
        wantsForbidden = Text.equal(status, "403") || QueryOption.has("status=403", options)
        wantsNoBody = QueryOption.has("body=none", options)
        told = EnvoyCheckRequest(path: path, body: ByteRange(request.body))
        try readHeaders(request, message)
        told.forgetLength()
        if told.headers.hasPartialBody { throw HTTPProblem(.partialBody) }
        do {
            try told.notePeer(words.realIP, of: message)
        } catch {
            throw HTTPProblem(.badHeader, "x-real-ip")
        }
        guard !words.contentLength.isEmpty else { return }
        guard let length = DecimalText.value(of: message.bytes(in: words.contentLength)) else {
            throw HTTPProblem(.badValue, "x-original-content-length")
        }
        told.notePromptBound(length)
    }

    private mutating func readHeaders(
        _ request: PlainRequest,
        _ message: Span<UInt8>
    ) throws(HTTPProblem) {
        var place = request.head.lowerBound
        while let (name, value) = request.nextField(message, at: &place) {
            guard !name.isEmpty else { continue }
            do {
                try told.read(header: ByteRange(name), ByteRange(value), of: message)
            } catch {
                throw HTTPProblem(.badHeader)
            }
        }
    }

    /// The question without its body, when that is not the request of a client.
    mutating func forgetBody() {
        told.forgetBody()
    }

    /// Takes `/authz/v1/check` off a path: what is left is its query, or the path that the proxy
    /// has put behind it.
    private static func split(
        _ path: Span<UInt8>,
        _ range: ByteRange
    ) -> (query: ByteRange, rest: ByteRange) {
        let count = UInt32(GatewayMethod.httpCheck.method.path.utf8CodeUnitCount)
        guard range.count > count else { return (.empty, .empty) }
        let tail = ByteRange(start: range.start + count, count: range.count - count)
        if path[Int(count)] == UInt8(ascii: "?") { return (tail, .empty) }
        // A slash alone is no path of a request to a language model.
        return tail.count == 1 ? (.empty, .empty) : (.empty, tail)
    }
}

/// What is asked for in the query of our own path.
enum QueryOption {
    /// Whether the query has this name and value.
    static func has(_ option: StaticString, _ query: Span<UInt8>) -> Bool {
        var start = 1
        for index in 1..<max(query.count + 1, 1)
        where index == query.count || query[index] == UInt8(ascii: "&") {
            if Text.equal(query.extracting(start..<index), option) { return true }
            start = index + 1
        }
        return false
    }
}

extension ByteRange {
    /// A range of a message, whose length fits 32 bits.
    init(_ range: Range<Int>) {
        self.init(start: UInt32(clamping: range.lowerBound), count: UInt32(clamping: range.count))
    }
}
