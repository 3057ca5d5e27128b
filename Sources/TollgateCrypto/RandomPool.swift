internal import COpenSSL

/// Random numbers in stock, for names that are needed by the hundred thousand each second.
///
/// One call of the generator fills 4 KiB, numbers are handed out from there, and each is
/// overwritten as it leaves, so that a look at the memory shows none that is in use. For one thread
/// at a time.
package struct RandomPool: ~Copyable {
    private static let capacity = 4096

    private let memory: SecretMemory

    /// How many of the bytes were handed out.
    private var used = RandomPool.capacity

    /// An empty stock: the first number fills it.
    package init() throws(CryptoError) {
        memory = try SecretMemory(count: RandomPool.capacity)
    }

    /// 64 random bits.
    package mutating func uint64() throws(CryptoError) -> UInt64 {
        try take(UInt64.self)
    }

    /// 128 random bits.
    package mutating func uint128() throws(CryptoError) -> UInt128 {
        try take(UInt128.self)
    }

    /// The next number; when the generator fails, nothing is handed out until it works again.
    @inline(__always)
    private mutating func take<Number: FixedWidthInteger>(
        _: Number.Type
    ) throws(CryptoError) -> Number {
        let size = MemoryLayout<Number>.size
        if RandomPool.capacity - used < size {
            // Until the stock is whole, it counts as used up.
            used = RandomPool.capacity
            try SecureRandom.fill(memory)
            used = 0
        }
        let place = memory.base + used
        let number = place.loadUnaligned(as: Number.self)
        OPENSSL_cleanse(place, size)
        used += size
        return number
    }
}
