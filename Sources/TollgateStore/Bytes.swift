internal import TollgateEngine

/// Bytes that are put together for a key or a value.
///
/// Numbers in keys are big-endian, so that they sort; all others are little-endian. Memory of its
/// own, for an array checks on every append whether somebody else has it: rows of 300 bytes are
/// written in tens of numbers, some for each decision.
struct ByteWriter: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 32) {
        self.capacity = max(capacity, 16)
        base = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit {
        base.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    /// What was written.
    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let start = base.assumingMemoryBound(to: UInt8.self)
            let span = Span<UInt8>(_unsafeStart: start, count: count)
            return _overrideLifetime(span, borrowing: self)
        }
    }

    /// A copy of what was written.
    var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: count)) }

    @inline(__always)
    mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        reserve(MemoryLayout<Number>.size)
        base.storeBytes(of: number.littleEndian, toByteOffset: count, as: Number.self)
        count += MemoryLayout<Number>.size
    }

    mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        append(number.byteSwapped)
    }

    /// Appends a number in as few bytes as it needs: seven bits in each, the lowest first.
    mutating func appendCompact(_ number: UInt64) {
        reserve(10)
        var left = number
        while left >= 0x80 {
            base.storeBytes(
                of: UInt8(truncatingIfNeeded: left) | 0x80,
                toByteOffset: count,
                as: UInt8.self
            )
            count += 1
            left >>= 7
        }
        base.storeBytes(of: UInt8(truncatingIfNeeded: left), toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends a number that is mostly near zero, on either side.
    mutating func appendCompact(_ number: Int64) {
        appendCompact(UInt64(bitPattern: number << 1 ^ number >> 63))
    }

    mutating func append(_ more: Span<UInt8>) {
        reserve(more.count)
        more.withUnsafeBytes { more in
            if let start = more.baseAddress {
                (base + count).copyMemory(from: start, byteCount: more.count)
            }
        }
        count += more.count
    }

    /// Writes a number over what was written at a place, all of which must exist.
    mutating func replace<Number: FixedWidthInteger>(at place: Int, with number: Number) {
        precondition(place >= 0 && place + MemoryLayout<Number>.size <= count)
        base.storeBytes(of: number.littleEndian, toByteOffset: place, as: Number.self)
    }

    mutating func removeAll() {
        count = 0
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if more > capacity - count { grow(by: more) }
    }

    private mutating func grow(by more: Int) {
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
    }
}

/// Takes bytes apart again; a value that is too short is damaged.
struct ByteReader: ~Escapable {
    private let bytes: Span<UInt8>
    private var index = 0
    /// What is read, for errors.
    private let name: StaticString

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, _ name: StaticString) {
        self.bytes = bytes
        self.name = name
    }

    var isAtEnd: Bool { index == bytes.count }

    @_lifetime(self: copy self)
    mutating func number<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(StorageError) -> Number {
        let size = MemoryLayout<Number>.size
        guard size <= bytes.count - index else { throw damaged() }
        defer { index += size }
        return bytes.littleEndian(at: index)
    }

    @_lifetime(self: copy self)
    mutating func bigEndian<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(StorageError) -> Number {
        try number(type).byteSwapped
    }

    /// The number that `appendCompact` wrote; one way of writing each is right.
    @_lifetime(self: copy self)
    mutating func compact(_: UInt64.Type = UInt64.self) throws(StorageError) -> UInt64 {
        var number: UInt64 = 0
        for place in 0..<10 {
            let byte: UInt8 = try self.number()
            let isTooLong = place == 9 && byte > 1
            let isPadded = place > 0 && byte == 0
            if isTooLong || isPadded { throw damaged() }
            number |= UInt64(byte & 0x7F) << UInt64(7 * place)
            if byte < 0x80 { return number }
        }
        throw damaged()
    }

    @_lifetime(self: copy self)
    mutating func compact(_: Int64.Type = Int64.self) throws(StorageError) -> Int64 {
        let number = try compact(UInt64.self)
        return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
    }

    @_lifetime(copy self)
    mutating func bytes(_ count: Int) throws(StorageError) -> Span<UInt8> {
        guard count >= 0, count <= bytes.count - index else { throw damaged() }
        defer { index += count }
        return bytes.extracting(index..<index + count)
    }

    func damaged() -> StorageError {
        StorageError(.corrupt, "\(name) whose lengths do not add up")
    }
}

extension Span where Element == UInt8 {
    /// The little-endian number at a place, all of which must exist.
    @inline(__always)
    func littleEndian<Number: FixedWidthInteger>(at start: Int) -> Number {
        let size = MemoryLayout<Number>.size
        let bytes = extracting(start..<start + size)
        return bytes.withUnsafeBytes { bytes in
            Number(littleEndian: bytes.loadUnaligned(as: Number.self))
        }
    }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    /// The number as a key: eight bytes or sixteen, the most significant first.
    var key: [UInt8] {
        var writer = ByteWriter(capacity: MemoryLayout<Self>.size)
        writer.appendBigEndian(self)
        return writer.bytes
    }
}
