internal import TollgateCore

/// The URL of a supplier or of a webhook, as far as it has to be understood.
package struct WebAddress {
    private static let lengthLimit = 512

    /// What `host` says by default: the host, and the port if it is named.
    let host: String

    /// Reads an absolute URL of `http` or `https` without user, query or fragment (RFC 3986).
    ///
    /// - Parameters:
    ///   - url: the URL.
    ///   - path: the field that it is in.
    ///   - allowsQuery: whether a query may follow after all.
    /// - Throws: `.invalid` for everything else. A user in a URL would be a credential in the clear.
    package init(
        _ url: String,
        at path: String,
        allowsQuery: Bool = false
    ) throws(RegistryError) {
        func problem(_ message: String) -> RegistryError { .invalid(field: path, message) }
        let visible = UInt8(ascii: "!")...UInt8(ascii: "~")
        guard
            url.utf8.count <= WebAddress.lengthLimit, url.utf8.allSatisfy(visible.contains)
        else { throw problem("must be at most 512 visible characters of ASCII") }
        let schemes = ["https://", "http://"]
        guard let scheme = schemes.first(where: url.hasPrefix) else {
            throw problem("must begin with https:// or http://")
        }
        let rest = url.dropFirst(scheme.count)
        let refused = allowsQuery ? "@#\\\"<>" : "@?#\\\"<>"
        guard !rest.contains(where: refused.contains) else {
            throw problem(
                allowsQuery
                    ? "must have neither user nor fragment"
                    : "must have neither user, query nor fragment"
            )
        }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard WebAddress.isHost(String(authority)) else {
            throw problem("must name a host, and perhaps a port")
        }
        host = String(authority)
    }

    /// Whether a text is a host, perhaps with a port: what a `host` header can say.
    static func isHost(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 255 else { return false }
        let (name, port) = split(text)
        let isNamed =
            name.hasPrefix("[")
            ? name.hasSuffix("]")
                && name.dropFirst().dropLast().allSatisfy {
                    $0.isHexDigit || $0 == ":" || $0 == "."
                }
            : !name.isEmpty && name.utf8.allSatisfy(isNameByte)
        guard let port else { return isNamed }
        return isNamed && (UInt16(port).map { $0 > 0 } ?? false)
    }

    private static func split(_ text: String) -> (name: Substring, port: Substring?) {
        guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
            return (text[...], nil)
        }
        return (text[..<colon], text[text.index(after: colon)...])
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
