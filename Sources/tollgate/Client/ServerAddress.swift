internal import AsyncHTTPClient
internal import Foundation

/// The address of a server: `http://host:port`, `https://…`, or `unix:/path`.
struct ServerAddress: CustomStringConvertible, Sendable {
    let description: String
    private let base: String

    /// Reads an address.
    init(_ text: String) throws(CommandFailure) {
        description = text
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard let url = URL(httpURLWithSocketPath: path, uri: "/"), path.hasPrefix("/") else {
                throw .usage("\(text) is no address: unix: needs an absolute path")
            }
            base = String(url.absoluteString.dropLast())
            return
        }
        guard
            let url = URL(string: text), url.scheme == "http" || url.scheme == "https",
            let host = url.host, !host.isEmpty, url.query == nil, url.fragment == nil,
            HostAndPort(ServerAddress.authority(of: text)) != nil
        else {
            throw .usage(
                "the address must be http://host:port, https://host:port or unix:/path, "
                    + "with a port from 1 to 65535"
            )
        }
        base = text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// What stands between `//` and the path; empty when nothing does.
    private static func authority(of text: String) -> Substring {
        guard let slashes = text.firstRange(of: "//") else { return "" }
        return text[slashes.upperBound...].prefix { $0 != "/" }
    }

    /// The URL of a path with its query, everything escaped that needs to be.
    func url(_ path: String, query: [(String, String?)]) -> String {
        let parameters = query.compactMap { name, value in
            value.map { "\(name)=\(ServerAddress.escaped($0))" }
        }
        return base + path + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
    }

    /// The text with everything percent-encoded but the unreserved characters (RFC 3986
    /// section 2.3).
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return escaped
    }
}
