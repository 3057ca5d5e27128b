internal import TollgateCore
internal import TollgateTransport
internal import TollgateWire

/// The headers by which a proxy tells of a request, where nothing of the client's is to be believed.
///
/// None of them may come twice: the second could be the client's.
struct ProxyWords {
    /// The path of the request to us.
    private(set) var path = ByteRange.empty
    private(set) var forwardedURI = ByteRange.empty
    private(set) var realIP = ByteRange.empty
    private(set) var contentLength = ByteRange.empty
    private(set) var denyStatus = ByteRange.empty
    private var originalURI = ByteRange.empty
    /// Which came, one bit each.
    private var seen: UInt16 = 0

    /// Finds them in the head of a request.
    init(_ request: PlainRequest, _ message: Span<UInt8>) throws(HTTPProblem) {
        var place = request.head.lowerBound
        while let (name, value) = request.nextField(message, at: &place) {
            let value = ByteRange(value)
            let name = message.extracting(name)
            switch name.count {
            case 5 where Text.equal(name, ":path"): path = value
            case 9 where Text.equal(name, "x-real-ip"):
                try note(0, "x-real-ip")
                realIP = value
            case 14 where Text.equal(name, "x-original-uri"):
                try note(1, "x-original-uri")
                originalURI = value
            case 15 where Text.equal(name, "x-forwarded-uri"):
                try note(2, "x-forwarded-uri")
                forwardedURI = value
            case 22 where Text.equal(name, "x-tollgate-deny-status"):
                try note(3, "x-tollgate-deny-status")
                denyStatus = value
            case 25 where Text.equal(name, "x-original-content-length"):
                try note(4, "x-original-content-length")
                contentLength = value
            default: try noteName(name)
            }
        }
    }

    private mutating func noteName(_ name: Span<UInt8>) throws(HTTPProblem) {
        switch name.count {
        case 16 where Text.equal(name, "x-tollgate-model"): try note(5, "x-tollgate-model")
        case 17 where Text.equal(name, "x-tollgate-region"): try note(6, "x-tollgate-region")
        case 17 where Text.equal(name, "x-tollgate-action"): try note(7, "x-tollgate-action")
        case 17 where Text.equal(name, "x-tollgate-tokens"): try note(8, "x-tollgate-tokens")
        case 19 where Text.equal(name, "x-tollgate-provider"): try note(9, "x-tollgate-provider")
        case 19 where Text.equal(name, "x-tollgate-supplier"): try note(10, "x-tollgate-supplier")
        default: break
        }
    }

    private mutating func note(_ bit: UInt16, _ name: StaticString) throws(HTTPProblem) {
        guard seen & 1 << bit == 0 else { throw HTTPProblem(.headerRepeated, name) }
        seen |= 1 << bit
    }

    /// The path that headers name; empty when none does.
    ///
    /// - Throws: when two differ: one of them is a client's that hopes to be asked about another
    ///   request than it sends.
    func namedPath(of message: Span<UInt8>) throws(HTTPProblem) -> ByteRange {
        if originalURI.isEmpty || forwardedURI.isEmpty {
            return originalURI.isEmpty ? forwardedURI : originalURI
        }
        guard Text.equal(message.bytes(in: originalURI), message.bytes(in: forwardedURI)) else {
            throw HTTPProblem(.pathsDiffer, "x-original-uri")
        }
        return originalURI
    }
}
