/// The host and the port of an address.
struct HostAndPort: Equatable, Sendable {
    /// A name or an address, without the brackets of IPv6.
    let host: String
    /// From 1 to 65535; nil where the address has none.
    let port: Int?

    /// Reads `host`, `host:port` or `[v6]:port`.
    ///
    /// - Returns: nil when the text is none of these.
    init?(_ text: Substring) {
        var host = text
        var digits: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            digits = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            digits = text[text.index(after: colon)...]
            guard !host.contains(":") else { return nil }
        }
        let isHost = !host.isEmpty && host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
        guard isHost, !host.contains("/"), !host.contains("@") else { return nil }
        self.host = String(host)
        guard let digits else {
            port = nil
            return
        }
        guard let number = UInt16(digits), number > 0, digits.first != "+" else { return nil }
        port = Int(number)
    }
}
