internal import TollgateEngine

/// Bytes that are put together for a key or a value.
///
/// Numbers in keys are big-endian, so that they sort; all others are little-endian.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    var count: Int { bytes.count }

    var isEmpty: Bool { bytes.isEmpty }

    mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        append(number.byteSwapped)
    }

    mutating func append(_ more: Span<UInt8>) {
        more.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
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
