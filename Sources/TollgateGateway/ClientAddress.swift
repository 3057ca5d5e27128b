internal import TollgateCore

/// Finds the client's address where proxies have written it.
enum ClientAddress {
    /// The address behind the trusted proxies.
    ///
    /// `x-forwarded-for` grows to the right: each proxy appends the peer that it has seen. Only what
    /// our own proxies appended can be believed, so it is read from the right, past as many hops as
    /// the operator trusts; what stands further left is the client's own word.
    ///
    /// - Parameters:
    ///   - forwarded: the header's value; several headers joined by commas.
    ///   - trustedHops: how many entries from the right were written by trusted proxies; 0 when the
    ///     header is not to be read at all.
    ///   - peer: the address that the proxy itself has seen.
    /// - Returns: nil when the address cannot be told; an allowlist then denies.
    static func resolve(
        forwarded: Span<UInt8>,
        trustedHops: Int,
        peer: Span<UInt8>
    ) -> IPAddress? {
        guard trustedHops > 0 else { return parse(peer) }
        var end = forwarded.count
        for hop in 1...trustedHops {
            var start = end
            while start > 0, forwarded[start - 1] != UInt8(ascii: ",") { start -= 1 }
            if hop == trustedHops {
                return parse(trimmed(forwarded, start, end))
            }
            guard start > 0 else { return nil }
            end = start - 1
        }
        return nil
    }

    /// The address in a text, with what proxies add to it: brackets, a port, a zone.
    static func parse(_ text: Span<UInt8>) -> IPAddress? {
        guard text.count > 0 else { return nil }
        if text[0] == UInt8(ascii: "[") {
            for index in 1..<text.count where text[index] == UInt8(ascii: "]") {
                return parseWithoutZone(text.extracting(1..<index))
            }
            return nil
        }
        var colons = 0
        var colon = 0
        for index in 0..<text.count where text[index] == UInt8(ascii: ":") {
            colons += 1
            colon = index
        }
        // One colon can only be a port behind IPv4; IPv6 has two at least.
        return colons == 1 ? IPAddress(text.extracting(0..<colon)) : parseWithoutZone(text)
    }

    private static func parseWithoutZone(_ text: Span<UInt8>) -> IPAddress? {
        for index in 0..<text.count where text[index] == UInt8(ascii: "%") {
            return IPAddress(text.extracting(0..<index))
        }
        return IPAddress(text)
    }

    @_lifetime(copy text)
    private static func trimmed(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Span<UInt8> {
        var start = start
        var end = end
        while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
        while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
        return text.extracting(start..<end)
    }
}
