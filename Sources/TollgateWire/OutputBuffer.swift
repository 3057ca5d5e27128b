/// Bytes that are written front to back, by one owner, into memory that is used again and again.
///
/// It grows when it must and keeps what it grew to, so that after a few messages nothing is
/// allocated any more. Readers borrow the bytes as a `Span`; nothing outside this file sees a
/// pointer. What is written is ours and bounded by what was read, so there is no limit here.
package struct OutputBuffer: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>

    /// How many bytes fit before it grows.
    package private(set) var capacity: Int

    /// How many bytes are in use.
    package private(set) var count = 0

    /// Allocates the memory.
    ///
    /// - Parameter capacity: at least 1.
    package init(capacity: Int = 1024) {
        precondition(capacity > 0)
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

    /// One byte in use.
    package subscript(index: Int) -> UInt8 {
        get {
            precondition(index >= 0 && index < count)
            return base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            base[index] = newValue
        }
    }

    /// Forgets the bytes; the memory stays.
    package mutating func removeAll() {
        count = 0
    }

    /// Forgets the bytes from `count` on, which must not lie behind the end.
    package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        self.count = count
    }

    /// Makes room for so many more bytes.
    @inline(__always)
    package mutating func reserve(_ more: Int) {
        if more > capacity &- count { grow(by: more) }
    }

    @inline(never)
    private mutating func grow(by more: Int) {
        let larger = max(capacity * 2, count + more)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        memory.update(from: base, count: count)
        base.deallocate()
        base = memory
        capacity = larger
    }

    /// Writes one byte.
    @inline(__always)
    package mutating func append(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count &+= 1
    }

    /// Copies bytes.
    package mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { copy($0) }
    }

    /// Writes ASCII characters.
    @inline(__always)
    package mutating func append(_ string: StaticString) {
        copy(UnsafeBufferPointer(start: string.utf8Start, count: string.utf8CodeUnitCount))
    }

    /// Writes a text as UTF-8.
    ///
    /// Labelled, because a literal would be taken for a `String` otherwise, which costs more.
    package mutating func append(string: String) {
        var string = string
        string.withUTF8 { copy($0) }
    }

    @inline(__always)
    private mutating func copy(_ source: UnsafeBufferPointer<UInt8>) {
        guard let address = source.baseAddress else { return }
        reserve(source.count)
        (base + count).update(from: address, count: source.count)
        count &+= source.count
    }

    /// Makes a gap of so many bytes before `index`; what was there and behind it moves.
    mutating func insertGap(of width: Int, at index: Int) {
        precondition(index >= 0 && index <= count && width >= 0)
        reserve(width)
        (base + index + width).update(from: base + index, count: count - index)
        count += width
    }
}
