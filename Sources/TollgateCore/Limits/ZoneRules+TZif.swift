/// What is wrong with the bytes of a time zone.
package enum ZoneProblem: Error, Equatable, Sendable {
    /// More bytes than `ZoneRules.lengthLimit`, or fewer than the file itself says.
    case length
    /// Not a TZif file, or one of version 1 without 64-bit times.
    case format
    /// Times that count leap seconds, which no clock here does.
    case leapSeconds
    /// Times that do not ascend, or that name an offset which is not there.
    case transitions
    /// An offset of more than a day and a little.
    case offset
    /// What follows for later years is not a TZ string.
    case footer
}

extension ZoneRules {
    /// The longest file that is taken, in bytes: ten times the longest there is.
    package static let lengthLimit = 65_536

    /// Reads a TZif file: RFC 8536, version 2 or later.
    package init(tzif bytes: [UInt8]) throws(ZoneProblem) {
        guard bytes.count <= ZoneRules.lengthLimit else { throw .length }
        var reader = TZifReader(bytes: bytes)
        // The first part is for readers of 32-bit times.
        let oldCounts = try reader.header()
        try reader.skip(oldCounts.length(timeWidth: 4))
        let counts = try reader.header()
        guard counts.leapSeconds == 0 else { throw .leapSeconds }
        guard counts.types > 0, counts.length(timeWidth: 8) <= reader.remaining else {
            throw .length
        }

        var transitions: [Int64] = []
        transitions.reserveCapacity(counts.times)
        for _ in 0..<counts.times {
            let time = Int64(bitPattern: try reader.integer(width: 8))
            if let last = transitions.last, last >= time { throw .transitions }
            transitions.append(time)
        }
        var types: [Int] = []
        types.reserveCapacity(counts.times)
        for _ in 0..<counts.times { types.append(Int(try reader.integer(width: 1))) }
        var offsets: [Int64] = []
        offsets.reserveCapacity(counts.types)
        for _ in 0..<counts.types {
            let offset = Int32(truncatingIfNeeded: try reader.integer(width: 4))
            guard ZoneRules.offsets.contains(Int64(offset)) else { throw .offset }
            offsets.append(Int64(offset))
            // Whether it is daylight time and what it is called matter to nobody here.
            try reader.skip(2)
        }
        guard types.allSatisfy({ $0 < offsets.count }) else { throw .transitions }
        try reader.skip(counts.names + counts.standardFlags + counts.utcFlags)

        self.init(
            transitions: transitions,
            offsetsAfter: types.map { offsets[$0] },
            firstOffset: offsets[0],
            recurring: try reader.footer()
        )
    }
}

/// Takes a TZif file apart from its front.
private struct TZifReader {
    /// What a header says of the part that follows it.
    struct Counts {
        let utcFlags: Int
        let standardFlags: Int
        let leapSeconds: Int
        let times: Int
        let types: Int
        let names: Int

        /// The bytes of that part: sums of 32-bit counts, which cannot overflow.
        func length(timeWidth: Int) -> Int {
            times * (timeWidth + 1) + types * 6 + names + leapSeconds * (timeWidth + 4)
                + standardFlags + utcFlags
        }
    }

    private let bytes: [UInt8]
    private var place = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count - place }

    mutating func skip(_ count: Int) throws(ZoneProblem) {
        guard count <= remaining else { throw .length }
        place += count
    }

    /// The next bytes as a number, the most significant first.
    mutating func integer(width: Int) throws(ZoneProblem) -> UInt64 {
        guard width <= remaining else { throw .length }
        var value: UInt64 = 0
        for index in place..<place + width { value = value << 8 | UInt64(bytes[index]) }
        place += width
        return value
    }

    mutating func header() throws(ZoneProblem) -> Counts {
        // "TZif" and the digit of a version.
        guard try integer(width: 4) == 0x545A_6966, try integer(width: 1) >= 0x32 else {
            throw .format
        }
        try skip(15)
        return Counts(
            utcFlags: try count(),
            standardFlags: try count(),
            leapSeconds: try count(),
            times: try count(),
            types: try count(),
            names: try count()
        )
    }

    private mutating func count() throws(ZoneProblem) -> Int {
        Int(try integer(width: 4))
    }

    /// What holds in later years: a TZ string between two line ends, with which the file ends.
    mutating func footer() throws(ZoneProblem) -> RecurringZone? {
        guard remaining >= 2, bytes[place] == 0x0A, bytes[bytes.count - 1] == 0x0A else {
            throw .footer
        }
        let text = bytes[place + 1..<bytes.count - 1]
        if text.isEmpty { return nil }
        guard let zone = RecurringZone(text) else { throw .footer }
        return zone
    }
}
