internal import Glibc

/// Bytes in memory that grows, is emptied and is used again: one owner, no sharing.
///
/// Pointers into it are good until the next append or `removeAll`. A class, not a struct in one:
/// Swift would check every access to such a struct at run time, which costs more than the work.
final class ByteStore {
    // Each access is one load or store: there is nothing that it could overlap with.
    @exclusivity(unchecked) private(set) var base: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var capacity: Int

    /// What `removeAll` keeps at most, so that one large message does not occupy memory for good.
    private let retained: Int

    /// - Parameters:
    ///   - capacity: at least 1; allocated at once.
    ///   - retained: the most memory that is kept when the bytes are forgotten.
    init(capacity: Int, retained: Int = 1 << 20) {
        precondition(capacity > 0 && retained >= capacity)
        self.capacity = capacity
        self.retained = retained
        base = .allocate(capacity: capacity)
    }

    deinit {
        base.deallocate()
    }

    /// Copies bytes behind those in use; the callers bound how many.
    func append(_ bytes: UnsafePointer<UInt8>, _ added: Int) {
        reserve(added)
        memcpy(base + count, bytes, added)
        count += added
    }

    func append(_ byte: UInt8) {
        reserve(1)
        base[count] = byte
        count += 1
    }

    func append(_ text: StaticString) {
        append(text.utf8Start, text.utf8CodeUnitCount)
    }

    /// Appends a gRPC message: its five-byte prefix (not compressed, length) and its bytes.
    func appendMessage(_ message: Span<UInt8>) {
        let length = UInt32(message.count).bigEndian
        reserve(5 + message.count)
        base[count] = 0
        UnsafeMutableRawPointer(base + count + 1).storeBytes(of: length, as: UInt32.self)
        message.withUnsafeBufferPointer { source in
            if let address = source.baseAddress { memcpy(base + count + 5, address, source.count) }
        }
        count += 5 + message.count
    }

    /// Makes room for `added` more bytes.
    private func reserve(_ added: Int) {
        if added > capacity - count { grow(by: added) }
    }

    private func grow(by added: Int) {
        var larger = capacity
        while added > larger - count { larger *= 2 }
        reallocate(larger)
    }

    private func reallocate(_ newCapacity: Int) {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
        memcpy(memory, base, count)
        base.deallocate()
        base = memory
        capacity = newCapacity
    }

    /// Forgets the bytes.
    func removeAll() {
        count = 0
        if capacity > retained { reallocate(retained) }
    }
}

/// Trivial values in memory that grows, is emptied and is used again; see `ByteStore`.
final class Pile<Element: BitwiseCopyable> {
    // As in `ByteStore`.
    @exclusivity(unchecked) private var base: UnsafeMutablePointer<Element>
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var capacity: Int
    private let retained: Int

    /// - Parameters:
    ///   - capacity: at least 1; allocated at once.
    ///   - retained: the most elements whose memory is kept when they are forgotten.
    init(capacity: Int, retained: Int) {
        precondition(capacity > 0 && retained >= capacity)
        self.capacity = capacity
        self.retained = retained
        base = .allocate(capacity: capacity)
    }

    deinit {
        base.deallocate()
    }

    func append(_ element: Element) {
        if count == capacity { reallocate(capacity * 2) }
        (base + count).initialize(to: element)
        count += 1
    }

    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            base[index] = newValue
        }
    }

    /// Forgets the elements.
    func removeAll() {
        count = 0
        if capacity > retained { reallocate(retained) }
    }

    private func reallocate(_ newCapacity: Int) {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: newCapacity)
        memory.initialize(from: base, count: count)
        base.deallocate()
        base = memory
        capacity = newCapacity
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether these are the characters of the text.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount, let baseAddress else { return false }
        return memcmp(baseAddress, text.utf8Start, count) == 0
    }

    /// Whether they begin with the characters of the text.
    func starts(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length, let baseAddress else { return false }
        return memcmp(baseAddress, text.utf8Start, length) == 0
    }
}
