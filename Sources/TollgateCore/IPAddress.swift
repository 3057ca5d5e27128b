/// An IPv4 or IPv6 address, as 128 bits.
///
/// IPv4 is kept in its IPv6-mapped form (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2), so an address
/// that arrives mapped and the same one that arrives plain are equal and meet the same rules.
package struct IPAddress: Hashable, Sendable {
    package let bits: UInt128

    package init(bits: UInt128) {
        self.bits = bits
    }

    /// Whether it is an IPv4 address, plain or mapped.
    package var isIPv4: Bool { bits >> 32 == 0xFFFF }

    /// The address that the text names; nil when the text is anything else.
    ///
    /// A zone (`fe80::1%eth0`) and a port are not part of an address: callers cut them off.
    package init?(_ text: Span<UInt8>) {
        guard text.count >= 2 && text.count <= 45 else { return nil }
        var hasColon = false
        for index in 0..<text.count where text[index] == UInt8(ascii: ":") { hasColon = true }
        let parsed =
            hasColon
            ? IPAddress.parseIPv6(text)
            : IPAddress.parseIPv4(text, 0, text.count).map { UInt128(0xFFFF) << 32 | UInt128($0) }
        guard let bits = parsed else { return nil }
        self.bits = bits
    }

    /// The address that the text names; nil when the text is anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let address = IPAddress(bytes.span) else { return nil }
        self = address
    }

    private static func parseIPv4(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
        var value: UInt32 = 0
        var index = start
        for part in 0..<4 {
            if part > 0 {
                guard index < end, text[index] == UInt8(ascii: ".") else { return nil }
                index += 1
            }
            var number: UInt32 = 0
            let first = index
            while index < end, text[index] >= 0x30, text[index] <= 0x39, index - first < 3 {
                number = number * 10 + UInt32(text[index] - 0x30)
                index += 1
            }
            // A leading zero means octal to some readers, so it is no address to us.
            let digits = index - first
            guard digits > 0, number <= 255, digits == 1 || text[first] != 0x30 else { return nil }
            value = value << 8 | number
        }
        return index == end ? value : nil
    }

    private static func parseIPv6(_ text: Span<UInt8>) -> UInt128? {
        var head: UInt128 = 0
        var headGroups = 0
        var tail: UInt128 = 0
        var tailGroups = 0
        var hasGap = false
        var index = 0
        let end = text.count
        func isColon(_ place: Int) -> Bool { place < end && text[place] == UInt8(ascii: ":") }
        if isColon(0) {
            guard isColon(1) else { return nil }
            hasGap = true
            index = 2
        }
        while index < end {
            var width = 1
            var group = UInt128(0)
            let start = index
            var digits = 0
            while index < end, digits < 5, let digit = Text.hexDigit(text[index]) {
                group = group << 4 | UInt128(digit)
                index += 1
                digits += 1
            }
            if index < end, text[index] == UInt8(ascii: ".") {
                guard let last = parseIPv4(text, start, end) else { return nil }
                group = UInt128(last)
                width = 2
                index = end
            } else if digits == 0 || digits > 4 {
                return nil
            }
            if hasGap {
                tail = tail << UInt128(16 * width) | group
                tailGroups += width
            } else {
                head = head << UInt128(16 * width) | group
                headGroups += width
            }
            guard headGroups + tailGroups <= 8 else { return nil }
            if index == end { break }
            guard isColon(index) else { return nil }
            index += 1
            if isColon(index) {
                guard !hasGap else { return nil }
                hasGap = true
                index += 1
            } else if index == end {
                return nil
            }
        }
        let groups = headGroups + tailGroups
        if !hasGap { return groups == 8 ? head : nil }
        guard groups <= 7 else { return nil }
        let shifted = headGroups == 0 ? 0 : head << UInt128(16 * (8 - headGroups))
        return shifted | tail
    }
}

extension IPAddress: CustomStringConvertible {
    /// The address as RFC 5952 writes it; a mapped IPv4 address as plain IPv4.
    package var description: String {
        if isIPv4 {
            return (0..<4).map { String(UInt8(truncatingIfNeeded: bits >> UInt128(24 - 8 * $0))) }
                .joined(separator: ".")
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) }
        var longest = 0..<0
        var start = 0
        while start < 8 {
            guard groups[start] == 0 else {
                start += 1
                continue
            }
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, longest.count) { longest = start..<end }
            start = end
        }
        func join(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        if longest.isEmpty { return join(0..<8) }
        return join(0..<longest.lowerBound) + "::" + join(longest.upperBound..<8)
    }
}

/// A block of addresses: all that share the first bits.
package struct IPNetwork: Hashable, Sendable {
    /// The first address of the block.
    package let address: IPAddress

    /// How many leading bits are fixed, 0 to 128 in the mapped form.
    package let prefixLength: UInt8

    private let mask: UInt128

    /// The block that the text names: an address alone, or an address, `/` and a prefix length.
    ///
    /// Bits behind the prefix are meaningless and dropped: `10.0.0.1/8` is `10.0.0.0/8`. nil for
    /// anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let address = IPAddress(String(first))
        else { return nil }
        let isShort = address.isIPv4 && !first.utf8.contains(UInt8(ascii: ":"))
        var length = 128
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard
                (1...3).contains(digits.count), digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                let number = Int(parts[1]), number <= (isShort ? 32 : 128)
            else { return nil }
            length = isShort ? number + 96 : number
        }
        mask = length == 0 ? 0 : UInt128.max << UInt128(128 - length)
        self.address = IPAddress(bits: address.bits & mask)
        prefixLength = UInt8(length)
    }

    /// Whether the address lies in the block.
    package func contains(_ other: IPAddress) -> Bool {
        // Without this, `::/0` would hold every IPv4 address too, which nobody who writes it means.
        guard address.isIPv4 == other.isIPv4 || prefixLength >= 96 else { return false }
        return other.bits & mask == address.bits
    }
}

extension IPNetwork: CustomStringConvertible {
    package var description: String {
        let isShort = address.isIPv4 && prefixLength >= 96
        let length = isShort ? prefixLength - 96 : prefixLength
        return length == (isShort ? 32 : 128) ? "\(address)" : "\(address)/\(length)"
    }
}
