internal import Glibc

/// The headers of a call whose method keeps them, as one run of bytes.
///
/// Pairs of 16-bit length, name, 16-bit length, value; the session's header budget bounds their
/// sum. Trivial, so that it can live in a call's slot, whose owner calls `discard`.
struct HeaderList {
    private var memory: UnsafeMutablePointer<UInt8>?
    private var capacity = 0
    private var count = 0

    /// Adds a field, unless it is longer than 65,535 bytes.
    mutating func append(
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>
    ) {
        guard name.count <= Int(UInt16.max), value.count <= Int(UInt16.max) else { return }
        reserve(4 + name.count + value.count)
        append(name)
        append(value)
    }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let memory else { return }
        memory[count] = UInt8(truncatingIfNeeded: bytes.count >> 8)
        memory[count + 1] = UInt8(truncatingIfNeeded: bytes.count)
        if let source = bytes.baseAddress { memcpy(memory + count + 2, source, bytes.count) }
        count += 2 + bytes.count
    }

    private mutating func reserve(_ added: Int) {
        guard count + added > capacity else { return }
        var larger = max(512, capacity)
        while larger < count + added { larger *= 2 }
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        if let memory {
            memcpy(copy, memory, count)
            memory.deallocate()
        }
        memory = copy
        capacity = larger
    }

    /// All fields, one behind the other.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: memory, count: count) }

    /// The value of the first field with this name, in lower case.
    func value(of name: StaticString) -> [UInt8]? {
        var position = 0
        while position < count {
            let field = read(at: &position)
            let value = read(at: &position)
            if field.equals(name) { return Array(value) }
        }
        return nil
    }

    /// The values of all fields with this name, in lower case.
    func values(of name: StaticString) -> [[UInt8]] {
        var values: [[UInt8]] = []
        var position = 0
        while position < count {
            let field = read(at: &position)
            let value = read(at: &position)
            if field.equals(name) { values.append(Array(value)) }
        }
        return values
    }

    private func read(at position: inout Int) -> UnsafeBufferPointer<UInt8> {
        guard let memory else { return UnsafeBufferPointer(start: nil, count: 0) }
        let length = Int(memory[position]) << 8 | Int(memory[position + 1])
        let bytes = UnsafeBufferPointer(start: UnsafePointer(memory + position + 2), count: length)
        position += 2 + length
        return bytes
    }

    /// Frees the memory.
    mutating func discard() {
        memory?.deallocate()
        self = HeaderList()
    }
}
