internal import TollgateCore

/// Reads the fields of one journal record in order; the first that is not there is damage.
struct RecordReader: ~Escapable {
    private let bytes: Span<UInt8>
    private var index: Int
    /// What the record is, for errors.
    private let name: StaticString

    /// Starts behind length and type, which must be right.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, type: UInt8, _ name: StaticString) throws(StorageError) {
        self.bytes = bytes
        self.name = name
        index = 3
        guard
            bytes.count >= 3, bytes.littleEndian(at: 0, width: 2) == bytes.count,
            bytes[2] == type
        else { throw StorageError(.corrupt, "\(name) that is not one") }
    }

    /// The next number.
    @inline(__always)
    mutating func number<Number: FixedWidthInteger>(
        _: Number.Type = Number.self
    ) throws(StorageError) -> Number {
        let width = MemoryLayout<Number>.size
        guard width <= bytes.count - index else { throw damage }
        defer { index += width }
        return bytes.withUnsafeBytes { bytes in
            Number(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: Number.self))
        }
    }

    /// The next count, as `JournalBlock.writeVarint` writes it.
    mutating func varint() throws(StorageError) -> UInt64 {
        // In variables of its own: the reader is written to once, and not for each byte.
        var number: UInt64 = 0
        var next = index
        var shift: UInt64 = 0
        while next < bytes.count {
            let byte = bytes[next]
            next += 1
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                // The tenth byte has room for one bit.
                guard shift < 63 || byte <= 1 else { throw damage }
                index = next
                return number
            }
            shift += 7
            guard shift <= 63 else { throw damage }
        }
        throw damage
    }

    /// The next count that has room in a signed number.
    mutating func signedVarint() throws(StorageError) -> Int64 {
        guard let number = Int64(exactly: try varint()) else { throw damage }
        return number
    }

    /// The next bytes.
    @_lifetime(copy self)
    mutating func bytes(_ count: Int) throws(StorageError) -> Span<UInt8> {
        guard count >= 0, count <= bytes.count - index else { throw damage }
        defer { index += count }
        return bytes.extracting(index..<index + count)
    }

    /// Passes over bytes that must be there.
    mutating func skip(_ count: Int) throws(StorageError) {
        guard count >= 0, count <= bytes.count - index else { throw damage }
        index += count
    }

    /// The next text of so many bytes.
    mutating func text(_ count: Int) throws(StorageError) -> String {
        let bytes = try bytes(count)
        guard Text.isValid(bytes) else { throw damage }
        return bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes sure that nothing follows.
    func end() throws(StorageError) {
        guard index == bytes.count else { throw damage }
    }

    /// What is thrown for a record that makes no sense.
    var damage: StorageError { StorageError(.corrupt, "\(name) that makes no sense") }
}

extension JournalBlock {
    mutating func write(_ amounts: Amounts) {
        write(amounts.requests)
        write(amounts.tokens)
        write(amounts.cost)
    }

    mutating func write(_ windows: WindowIDs) {
        for place in 0..<4 { write(windows.number(place)) }
    }
}

extension RecordReader {
    mutating func amounts() throws(StorageError) -> Amounts {
        Amounts(requests: try number(), tokens: try number(), cost: try number())
    }

    mutating func windows() throws(StorageError) -> WindowIDs {
        WindowIDs(
            hour: try number(),
            day: try number(),
            week: try number(),
            month: try number()
        )
    }
}
