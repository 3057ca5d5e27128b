internal import TollgateCore

/// The headers that are read from Envoy's request.
///
/// Most headers of a request are none of these, so the length of a name decides first, and few
/// names have the same.
enum KnownHeader {
    case authorization
    case xAPIKey
    case apiKey
    case forwardedFor
    case userAgent
    case requestID
    case contentType
    case contentLength
    case contentEncoding
    case partialBody
    case model
    case region
    case provider
    case supplier
    case action
    case tokens

    /// Whether it is worth comparing a name with theirs.
    @inline(__always)
    static func mayBe(_ name: ByteRange, of message: Span<UInt8>) -> Bool {
        // A bit for each of 7, 9, 10, 12 to 17, 19 and 25.
        let lengths: UInt32 = 0b0000_0010_0000_1011_1111_0110_1000_0000
        guard name.count < 32, lengths >> name.count & 1 == 1 else { return false }
        // What HTTP/2 says in headers of its own, Envoy says in fields of the request.
        return message[Int(name.start)] != UInt8(ascii: ":")
    }

    /// The header of this name, in capitals or small letters; nil for any other.
    @inline(__always)
    init?(_ name: Span<UInt8>) {
        switch name.count {
        case 7 where KnownHeader.equal(name, "api-key"): self = .apiKey
        case 9 where KnownHeader.equal(name, "x-api-key"): self = .xAPIKey
        case 10 where KnownHeader.equal(name, "user-agent"): self = .userAgent
        case 12 where KnownHeader.equal(name, "x-request-id"): self = .requestID
        case 12 where KnownHeader.equal(name, "content-type"): self = .contentType
        case 13 where KnownHeader.equal(name, "authorization"): self = .authorization
        case 14 where KnownHeader.equal(name, "content-length"): self = .contentLength
        case 15 where KnownHeader.equal(name, "x-forwarded-for"): self = .forwardedFor
        case 16 where KnownHeader.equal(name, "content-encoding"): self = .contentEncoding
        case 16 where KnownHeader.equal(name, "x-tollgate-model"): self = .model
        case 17 where KnownHeader.equal(name, "x-tollgate-region"): self = .region
        case 17 where KnownHeader.equal(name, "x-tollgate-action"): self = .action
        case 17 where KnownHeader.equal(name, "x-tollgate-tokens"): self = .tokens
        case 19 where KnownHeader.equal(name, "x-tollgate-provider"): self = .provider
        case 19 where KnownHeader.equal(name, "x-tollgate-supplier"): self = .supplier
        case 25 where KnownHeader.equal(name, "x-envoy-auth-partial-body"): self = .partialBody
        default: return nil
        }
    }

    /// Whether a name of at least 4 bytes is `known`, whose letters are small.
    ///
    /// Eight bytes at a time, the last eight perhaps a second time.
    @inline(__always)
    private static func equal(_ name: Span<UInt8>, _ known: StaticString) -> Bool {
        let count = known.utf8CodeUnitCount
        guard name.count == count else { return false }
        if count < 8 {
            return same(name, known, 0, UInt32.self) && same(name, known, count - 4, UInt32.self)
        }
        var place = 0
        while place < count - 8 {
            guard same(name, known, place, UInt64.self) else { return false }
            place += 8
        }
        return same(name, known, count - 8, UInt64.self)
    }

    /// Whether one word of a name is that of `known`, which consists of small letters and hyphens.
    @inline(__always)
    private static func same<Word: FixedWidthInteger & BitwiseCopyable>(
        _ name: Span<UInt8>,
        _ known: StaticString,
        _ place: Int,
        _: Word.Type
    ) -> Bool {
        let word = name.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: Word.self)
        let other = UnsafeRawPointer(known.utf8Start)
            .loadUnaligned(fromByteOffset: place, as: Word.self)
        // The bit that tells a small letter from a capital, in those bytes where a letter is known.
        let anyCase = (other & (Word.max / 0xFF &* 0x40)) >> 1
        return (word ^ other) & ~anyCase == 0
    }

    /// Whether a value is `true`.
    static func isTrue(_ value: Span<UInt8>) -> Bool {
        Text.equal(value, "true")
    }
}
