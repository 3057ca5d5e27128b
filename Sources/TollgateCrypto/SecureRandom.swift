internal import COpenSSL

/// Random numbers that nobody can guess, for secrets, peppers and names.
///
/// From OpenSSL's generator, which the kernel seeds, one for each thread. Where it fails, the call
/// fails: there is no second source.
package enum SecureRandom {
    /// Overwrites all the bytes; when it throws, what they are is not defined.
    package static func fill(_ bytes: inout MutableSpan<UInt8>) throws(CryptoError) {
        let isFilled = bytes.withUnsafeMutableBufferPointer {
            fill(UnsafeMutableRawBufferPointer($0))
        }
        guard isFilled else { throw failure() }
    }

    /// 128 random bits.
    package static func uint128() throws(CryptoError) -> UInt128 {
        var number: UInt128 = 0
        guard withUnsafeMutableBytes(of: &number, { fill($0) }) else { throw failure() }
        return number
    }

    /// Overwrites secret memory from its first to its last byte.
    static func fill(_ memory: borrowing SecretMemory) throws(CryptoError) {
        let bytes = UnsafeMutableRawBufferPointer(start: memory.base, count: memory.count)
        guard fill(bytes) else { throw failure() }
    }

    private static func fill(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
        guard bytes.count <= Int(Int32.max) else { return false }
        guard let base = bytes.baseAddress, bytes.count > 0 else { return true }
        ERR_clear_error()
        // The private generator: what the public one gave out says nothing about these.
        return RAND_priv_bytes(base.assumingMemoryBound(to: UInt8.self), Int32(bytes.count)) == 1
    }

    private static func failure() -> CryptoError {
        let code = ERR_get_error()
        return CryptoError(.generator, "no random numbers (OpenSSL \(String(code, radix: 16)))")
    }
}
