package import TollgateCore

/// The decisions of one turn of one event loop, on their way into the journal.
///
/// Shape, all numbers little-endian: version (1 byte), wall time in milliseconds (8), number of
/// records (4), monotonic time in nanoseconds (8), then the records. A record starts with its length
/// (2) and type (1): a `DecisionRecord`, and what the ledger is made of.
package struct JournalBlock: ~Copyable {
    /// The first byte of every block that this code writes.
    static let version: UInt8 = 2

    /// How many bytes precede the records.
    static let headerLength = 21

    /// The longest block: far more than one turn of one loop can fill.
    static let lengthLimit = 16 << 20

    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count: Int
    private(set) var recordCount: UInt32 = 0

    /// An empty block.
    package init() {
        capacity = 64 << 10
        base = .allocate(byteCount: capacity, alignment: 16)
        count = JournalBlock.headerLength
    }

    deinit {
        base.deallocate()
    }

    /// Whether there is anything to append.
    package var isEmpty: Bool { recordCount == 0 }

    /// Forgets the records and takes the time of the next turn.
    mutating func reset(at now: Now) {
        count = JournalBlock.headerLength
        recordCount = 0
        base.storeBytes(of: JournalBlock.version, as: UInt8.self)
        base.storeBytes(
            of: now.wall.milliseconds.littleEndian,
            toByteOffset: 1,
            as: Int64.self
        )
        base.storeBytes(
            of: now.monotonic.nanoseconds.littleEndian,
            toByteOffset: 13,
            as: Int64.self
        )
    }

    /// The block as it is appended.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            base.storeBytes(of: recordCount.littleEndian, toByteOffset: 9, as: UInt32.self)
            let span = Span<UInt8>(
                _unsafeStart: base.assumingMemoryBound(to: UInt8.self),
                count: count
            )
            return _overrideLifetime(span, borrowing: self)
        }
    }

    /// Whether records of so many bytes in all still have room.
    func hasRoom(for length: Int) -> Bool { count + length <= JournalBlock.lengthLimit }

    /// Makes room for so many bytes; false when the block is full.
    mutating func reserve(_ length: Int) -> Bool {
        guard length <= capacity - count else { return grow(by: length) }
        return true
    }

    private mutating func grow(by length: Int) -> Bool {
        guard count + length <= JournalBlock.lengthLimit else { return false }
        capacity = max(capacity * 2, count + length)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
        return true
    }

    /// Starts a record of a type, which `endRecord` ends.
    ///
    /// - Parameters:
    ///   - type: what it records.
    ///   - lengthLimit: the most bytes that it will take, length and type included.
    /// - Returns: where it starts; nil when the block is full.
    mutating func beginRecord(_ type: UInt8, lengthLimit: Int) -> Int? {
        guard reserve(lengthLimit) else { return nil }
        let start = count
        write(UInt16(0))
        write(type)
        return start
    }

    /// Appends the records of another block; false when there is no room for them.
    mutating func append(recordsOf other: borrowing JournalBlock) -> Bool {
        let length = other.count - JournalBlock.headerLength
        guard reserve(length) else { return false }
        let source = other.base + JournalBlock.headerLength
        (base + count).copyMemory(from: source, byteCount: length)
        count += length
        recordCount += other.recordCount
        return true
    }

    /// Ends the record that started at `start`, and writes its length there.
    mutating func endRecord(startedAt start: Int) {
        let length = UInt16(count - start)
        base.storeBytes(of: length.littleEndian, toByteOffset: start, as: UInt16.self)
        recordCount += 1
    }

    /// Writes a number, for which the caller made room with `beginRecord`.
    @inline(__always)
    mutating func write<Number: FixedWidthInteger>(_ number: Number) {
        precondition(MemoryLayout<Number>.size <= capacity - count)
        base.storeBytes(of: number.littleEndian, toByteOffset: count, as: Number.self)
        count += MemoryLayout<Number>.size
    }

    /// The most bytes that `writeVarint` takes.
    static let varintLimit = 10

    /// Writes a count in as few bytes as it needs, for which the caller made room with
    /// `beginRecord`: seven bits in each, the lowest first, the highest bit set in all but the last.
    @inline(__always)
    mutating func writeVarint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            write(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        write(UInt8(truncatingIfNeeded: rest))
    }

    /// Writes bytes, for which the caller made room with `beginRecord`.
    @inline(__always)
    mutating func write(_ bytes: Span<UInt8>) {
        precondition(bytes.count <= capacity - count)
        bytes.withUnsafeBufferPointer { source in
            if let address = source.baseAddress {
                (base + count).copyMemory(from: address, byteCount: source.count)
            }
        }
        count += bytes.count
    }
}

/// Reads the records of one block.
package struct JournalBlockReader: ~Escapable {
    private let bytes: Span<UInt8>
    private var index = JournalBlock.headerLength

    /// How many records are still to come.
    package private(set) var left: UInt32

    /// When the turn took place.
    package let now: Now
    package var time: WallTime { now.wall }

    /// Starts to read a block.
    ///
    /// - Throws: `.corrupt` when the bytes are no block.
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) throws(StorageError) {
        guard bytes.count >= JournalBlock.headerLength else {
            throw StorageError(.corrupt, "a journal block of \(bytes.count) bytes")
        }
        guard bytes[0] == JournalBlock.version else {
            throw StorageError(.corrupt, "a journal block of version \(bytes[0])")
        }
        self.bytes = bytes
        now = Now(
            wall: WallTime(
                milliseconds: Int64(truncatingIfNeeded: bytes.littleEndian(at: 1, width: 8))
            ),
            monotonic: MonotonicTime(
                nanoseconds: Int64(truncatingIfNeeded: bytes.littleEndian(at: 13, width: 8))
            )
        )
        left = UInt32(truncatingIfNeeded: bytes.littleEndian(at: 9, width: 4))
    }

    /// The next record, nil behind the last one.
    ///
    /// - Throws: `.corrupt` when records and bytes do not come out even.
    @_lifetime(copy self)
    package mutating func next() throws(StorageError) -> Span<UInt8>? {
        guard left > 0 else {
            guard index == bytes.count else {
                throw StorageError(.corrupt, "a journal block goes on behind its records")
            }
            return nil
        }
        left -= 1
        guard bytes.count - index >= 3 else { throw truncated() }
        let length = Int(bytes.littleEndian(at: index, width: 2))
        guard length >= 3, length <= bytes.count - index else { throw truncated() }
        let record = bytes.extracting(index..<index + length)
        index += length
        return record
    }

    private func truncated() -> StorageError {
        StorageError(.corrupt, "a journal block ends within a record")
    }
}

extension Span where Element == UInt8 {
    /// The little-endian number of so many bytes, at most 8, at a place that must exist.
    @inline(__always)
    func littleEndian(at start: Int, width: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<width { number |= UInt64(self[start + index]) << UInt64(8 * index) }
        return number
    }
}
