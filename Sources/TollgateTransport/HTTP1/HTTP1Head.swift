internal import NIOCore
internal import NIOHTTP1

/// What HTTP/1 has to know of a request besides what all requests have; trivial, in the call's slot.
struct HTTP1Traits: BitwiseCopyable {
    /// Whether the connection ends behind the answer.
    var isLast = false
    /// Whether the client speaks HTTP/1.0, which has to be told that the connection goes on.
    var isOld = false
    /// Why no service sees the request.
    var problem: CallProblem?
}

/// The head of an HTTP/1 request: what may not be, and what a service gets of it.
///
/// The parser has refused what is no HTTP. Refused here is what two parties might read in two ways,
/// one of them a proxy in front of us: more than one length, or a length and chunks (RFC 9112
/// section 6.3), more than one host or none (section 3.2).
///
/// The parser leaves the white space behind a value; it is no part of it, and is taken away here.
enum HTTP1Head {
    /// Why the request is not taken; nil when it is.
    static func problem(_ head: HTTPRequestHead) -> CallProblem? {
        var hosts = 0
        var lengths = 0
        var encodings = 0
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where isEqual(name, "host"): hosts += 1
            case 14 where isEqual(name, "content-length"): lengths += 1
            case 17 where isEqual(name, "transfer-encoding"):
                encodings += 1
                if !isEqual(trimmed(value), "chunked") { return .badRequest }
            default: break
            }
        }
        let isOld = head.version == .http1_0
        if lengths + encodings > 1 || isOld && encodings > 0 { return .badRequest }
        return hosts == 1 || isOld && hosts == 0 ? nil : .badRequest
    }

    /// Whether the client waits to be told that it may send the body (RFC 9110 section 10.1.1).
    static func expectsContinue(_ head: HTTPRequestHead) -> Bool {
        head.headers.contains {
            isEqual($0.name, "expect") && isEqual(trimmed($0.value), "100-continue")
        }
    }

    /// Whether something other than HTTP/1.1 is asked for, which we do not speak on this connection.
    static func asksForUpgrade(_ head: HTTPRequestHead) -> Bool {
        head.method == .CONNECT || head.headers.contains { isEqual($0.name, "upgrade") }
    }

    /// Puts the fields into a call's slot, names in lower case, behind the path.
    static func store(_ head: HTTPRequestHead, in slot: CallSlot.Pointer) {
        append(":path", head.uri[...], to: slot)
        for (name, value) in head.headers { append(name, trimmed(value), to: slot) }
        slot.pointee.storePlainHead()
    }

    private static func append(_ name: String, _ value: Substring, to slot: CallSlot.Pointer) {
        var value = value
        value.withUTF8 { value in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: name.utf8.count) { lower in
                for (index, byte) in zip(lower.indices, name.utf8) {
                    lower.initializeElement(at: index, to: lowercase(byte))
                }
                slot.pointee.headers.append(UnsafeBufferPointer(lower), value)
            }
        }
    }

    /// A value without the spaces and tabs around it (RFC 9110 section 5.5).
    private static func trimmed(_ value: String) -> Substring {
        var text = value[...]
        while let last = text.utf8.last, isSpace(last) { text.utf8.removeLast() }
        while let first = text.utf8.first, isSpace(first) { text.utf8.removeFirst() }
        return text
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Whether a text is this one, whose letters are small, in capitals or not.
    private static func isEqual(_ text: some StringProtocol, _ known: StaticString) -> Bool {
        guard text.utf8.count == known.utf8CodeUnitCount else { return false }
        for (index, byte) in zip(0..., text.utf8)
        where lowercase(byte) != known.utf8Start[index] { return false }
        return true
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
}

extension HTTPVerb {
    /// The parser's word for it.
    init(_ method: HTTPMethod) {
        self =
            switch method {
            case .GET: .get
            case .HEAD: .head
            case .POST: .post
            case .PUT: .put
            case .PATCH: .patch
            case .DELETE: .delete
            case .OPTIONS: .options
            default: .other
            }
    }
}
