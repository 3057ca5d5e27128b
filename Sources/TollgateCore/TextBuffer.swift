/// Bytes of bounded number that one owner fills and empties again and again, without allocating.
///
/// Readers borrow the bytes as a `Span`; nothing outside this file sees a pointer.
package struct TextBuffer: ~Copyable {
    private let base: UnsafeMutablePointer<UInt8>

    /// How many bytes fit.
    package let capacity: Int

    /// How many bytes are in use.
    package private(set) var count = 0

    /// Allocates the memory, once.
    ///
    /// - Parameter capacity: at least 1 and at most 65,535, so that positions fit a `TextRange`.
    package init(capacity: Int) {
        precondition(capacity > 0 && capacity <= Int(UInt16.max))
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit {
        base.deallocate()
    }

    /// The bytes in use.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = Span(_unsafeStart: base, count: count)
            return _overrideLifetime(span, borrowing: self)
        }
    }

    /// The bytes of one range, which must have come from this buffer.
    @_lifetime(borrow self)
    package func bytes(in range: TextRange) -> Span<UInt8> {
        let start = Int(range.start)
        precondition(start + Int(range.count) <= count)
        let span = Span(_unsafeStart: base + start, count: Int(range.count))
        return _overrideLifetime(span, borrowing: self)
    }

    /// Copies bytes behind those in use.
    ///
    /// - Returns: where they are now, or nil (and nothing changed) when they do not fit.
    package mutating func append(_ bytes: Span<UInt8>) -> TextRange? {
        guard bytes.count <= capacity - count else { return nil }
        let start = count
        bytes.withUnsafeBufferPointer { source in
            if let address = source.baseAddress {
                (base + start).update(from: address, count: source.count)
            }
        }
        count += bytes.count
        return TextRange(start: UInt16(start), count: UInt16(bytes.count))
    }

    /// Copies one byte behind those in use; false when it does not fit.
    package mutating func append(_ byte: UInt8) -> Bool {
        guard count < capacity else { return false }
        base[count] = byte
        count += 1
        return true
    }

    /// Forgets the bytes from `count` on, which must not lie behind the end.
    package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        self.count = count
    }

    /// Forgets the bytes; they stay in memory until they are overwritten.
    package mutating func removeAll() {
        count = 0
    }

    /// Forgets the bytes and overwrites them: for buffers that held a secret.
    package mutating func wipe() {
        base.update(repeating: 0, count: count)
        count = 0
    }
}

/// A run of bytes in a `TextBuffer`.
package struct TextRange: Equatable, Sendable {
    package let start: UInt16
    package let count: UInt16

    package init(start: UInt16, count: UInt16) {
        self.start = start
        self.count = count
    }

    /// No bytes at all.
    package static let empty = TextRange(start: 0, count: 0)
}
