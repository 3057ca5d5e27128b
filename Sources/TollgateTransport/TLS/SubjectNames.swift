internal import COpenSSL

/// Reads the names in a certificate (RFC 5280 section 4.2.1.6).
enum SubjectNames {
    private static let countLimit = 16
    private static let lengthLimit = 512

    /// The URIs and DNS names of a certificate, in its order: at most 16, of 512 characters each.
    ///
    /// A name with a character that has no place in its kind is left out, NUL above all. In
    /// particular a DNS name cannot look like a URI, which always has a colon.
    static func identities(of certificate: OpaquePointer) -> [String] {
        guard let pointer = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil)
        else { return [] }
        let names = OpaquePointer(pointer)
        defer { GENERAL_NAMES_free(names) }
        var identities: [String] = []
        for index in 0..<tg_GENERAL_NAMES_count(names) where identities.count < countLimit {
            var kind: Int32 = 0
            var text: UnsafePointer<UInt8>?
            let count = Int(tg_GENERAL_NAMES_text(names, index, &kind, &text))
            guard let text, (1...lengthLimit).contains(count) else { continue }
            let bytes = UnsafeBufferPointer(start: text, count: count)
            let isFit = kind == GEN_URI ? isURI(bytes) : isDNSName(bytes)
            if isFit { identities.append(String(decoding: bytes, as: UTF8.self)) }
        }
        return identities
    }

    /// Printable ASCII without blanks, with a colon.
    private static func isURI(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F } && bytes.contains(UInt8(ascii: ":"))
    }

    /// Letters, digits, hyphens, underscores, dots and the asterisk of a wildcard.
    private static func isDNSName(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "*"):
                true
            default: false
            }
        }
    }
}
