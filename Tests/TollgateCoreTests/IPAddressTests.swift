internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("Addresses")
struct IPAddressTests {
    @Test("are read and printed as Python's ipaddress does")
    func addressTable() throws {
        var count = 0
        for line in try AddressTable.rows("addresses.tsv") {
            let address = IPAddress(line[0])
            #expect(
                address.map { hexadecimal($0.bits) } ?? "-" == line[1],
                "\(line[0].debugDescription)"
            )
            #expect(address.map(\.description) ?? "-" == line[2], "\(line[0].debugDescription)")
            count += 1
        }
        #expect(count > 1000)
    }

    @Test("as networks are read, printed and hold addresses as Python's ipaddress says")
    func networkTable() throws {
        var probes = 0
        for line in try AddressTable.rows("networks.tsv") {
            let network = IPNetwork(line[0])
            #expect(network.map(\.description) ?? "-" == line[1], "\(line[0].debugDescription)")
            for cell in line.dropFirst(2) {
                let parts = cell.split(separator: "=")
                let bits = try #require(UInt128(parts[0], radix: 16))
                let holds = network?.contains(IPAddress(bits: bits))
                #expect(holds == (parts[1] == "yes"), "\(line[0]) holds \(parts[0])")
                probes += 1
            }
        }
        #expect(probes > 1000)
    }

    @Test("are the same address again when they were printed")
    func roundTrips() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<5000 {
            var bits = random.uint128()
            // Runs of zeros are what the short form is about.
            for group in 0..<8 where random.isOnce(in: 2) {
                bits &= ~(UInt128(0xFFFF) << UInt128(16 * group))
            }
            if random.isOnce(in: 4) { bits = 0xFFFF << 32 | bits & 0xFFFF_FFFF }
            let address = IPAddress(bits: bits)
            #expect(IPAddress(address.description) == address)
        }
    }

    @Test("survive any bytes")
    func garbage() {
        var random = SeededGenerator(seed: 6)
        for _ in 0..<100_000 {
            let text = random.text(random.number(in: 0...46), of: "0123456789abcdefF::::...%/[] x")
            guard let address = IPAddress(text) else { continue }
            #expect(IPAddress(address.description) == address, "\(text)")
        }
        for length in 0...64 {
            let bytes = random.bytes(length)
            let address = IPAddress(bytes.span)
            #expect(address == nil)
        }
    }

    @Test("that come mapped are the same as those that come plain")
    func mapped() {
        #expect(IPAddress("::ffff:192.0.2.1") == IPAddress("192.0.2.1"))
        #expect(IPAddress("::FFFF:c000:201") == IPAddress("192.0.2.1"))
        #expect(IPAddress("::192.0.2.1") != IPAddress("192.0.2.1"))
        #expect(IPAddress("192.0.2.1")?.isIPv4 == true)
        #expect(IPAddress("::1")?.isIPv4 == false)
    }

    private func hexadecimal(_ bits: UInt128) -> String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}

/// Reads the tables that `Cases/Addresses/make-tables` wrote.
enum AddressTable {
    static func rows(_ name: String) throws -> [[String]] {
        try CaseFiles.lines("Addresses/\(name)").filter { !$0.isEmpty }.map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map { unescape($0) }
        }
    }

    /// The text behind Python's escapes, and `\e` for the empty one.
    private static func unescape(_ text: Substring) -> String {
        if text == "\\e" { return "" }
        var result = ""
        var rest = text
        while let character = rest.popFirst() {
            guard character == "\\", let kind = rest.popFirst() else {
                result.append(character)
                continue
            }
            let width = kind == "x" ? 2 : kind == "u" ? 4 : kind == "U" ? 8 : 0
            if let number = UInt32(rest.prefix(width), radix: 16),
                let scalar = Unicode.Scalar(number)
            {
                result.unicodeScalars.append(scalar)
                rest = rest.dropFirst(width)
            } else {
                result.append(kind == "n" ? "\n" : kind == "t" ? "\t" : kind == "r" ? "\r" : kind)
            }
        }
        return result
    }
}
