/// What a request's headers say, gathered one by one.
///
/// A trivial value: it lives in a call's slot and owns nothing.
struct RequestHead {
    /// The method's number in the table, -1 while none was named.
    private(set) var method: Int32 = -1
    /// In nanoseconds; nil without a deadline.
    private(set) var timeout: Int64?
    private(set) var hasTE = false
    /// Whether the method that was named keeps its headers.
    private(set) var keepsHeaders = false
    /// Whether it is answered in plain HTTP: the method that was named is one of it, or the request
    /// was found to be none of gRPC's.
    private(set) var isPlain = false
    private(set) var verb = HTTPVerb.other

    private var isGRPC = false
    /// Whether the content type is gRPC's, in this encoding or another.
    private var speaksGRPC = false
    private var hasBadTimeout = false
    private var fields = 0
    private var bytes = 0

    /// Counts one field, of the headers or the trailers; false when there are too many.
    mutating func count(
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>,
        _ budget: PeerBudget
    ) -> Bool {
        // No sum gets near its end: a field has at most 128 KiB, and the budget ends the call.
        fields &+= 1
        // Each field counts 32 bytes more than it has: RFC 9113 section 6.5.2.
        bytes &+= name.count &+ value.count &+ 32
        return fields <= budget.headerListFields && bytes <= budget.headerListBytes
    }

    /// Whether `read` takes anything from a field of this name: its length says that it may.
    @inline(__always)
    static func reads(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        name.count == 12 || name.count == 7 || name.count == 5 || name.count == 2
    }

    /// Takes what one field of the headers says.
    @inline(__always)
    mutating func read(
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>,
        _ methods: UnsafeBufferPointer<Method>
    ) {
        switch name.count {
        case 2:
            // nghttp2 has refused every value but `trailers`.
            if name.equals("te") { hasTE = true }
        case 5:
            if name.equals(":path") { readPath(value, methods) }
        case 7:
            if name.equals(":method") { verb = HTTPVerb(value) }
        case 12:
            if name.equals("content-type") {
                isGRPC = RequestHead.isGRPC(value)
                speaksGRPC = isGRPC || value.starts(with: "application/grpc")
            } else if name.equals("grpc-timeout") {
                timeout = GRPCTimeout.nanoseconds(value)
                hasBadTimeout = timeout == nil
            }
        default: break
        }
    }

    private mutating func readPath(
        _ path: UnsafeBufferPointer<UInt8>,
        _ methods: UnsafeBufferPointer<Method>
    ) {
        guard let index = methods.index(ofPath: path) else { return }
        method = Int32(index)
        keepsHeaders = methods[index].keepsHeaders
        isPlain = methods[index].kind == .plain
    }

    /// Takes what an HTTP/1 request says.
    ///
    /// - Returns: false when there is no such method.
    mutating func readPlain(
        _ verb: HTTPVerb,
        _ path: UnsafeBufferPointer<UInt8>,
        _ methods: UnsafeBufferPointer<Method>
    ) -> Bool {
        self.verb = verb
        isPlain = false
        readPath(path, methods)
        // A path of gRPC is of no use to HTTP/1; the call is a plain one all the same.
        let isKnown = isPlain
        isPlain = true
        return isKnown
    }

    /// Finds out, when all fields were read, why the request cannot be a call; nil when it can.
    ///
    /// Who does not speak gRPC is told so in plain HTTP, as over HTTP/1.1.
    mutating func findProblem() -> CallProblem? {
        if isPlain { return nil }
        if !speaksGRPC {
            isPlain = true
            return method < 0 || verb != .post ? .noSuchPath : .otherContent
        }
        if verb != .post { return .notPost }
        if !isGRPC { return .notGRPC }
        if method < 0 { return .unknownMethod }
        if hasBadTimeout { return .badTimeout }
        return nil
    }

    /// Protobuf is the only encoding; parameters behind a semicolon change nothing.
    private static func isGRPC(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        if value.equals("application/grpc") || value.equals("application/grpc+proto") {
            return true
        }
        return value.starts(with: "application/grpc;")
            || value.starts(with: "application/grpc+proto;")
    }
}
