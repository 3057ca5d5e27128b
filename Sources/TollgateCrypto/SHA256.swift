internal import COpenSSL

/// The SHA-256 of bytes that come in pieces (FIPS 180-4).
///
/// A plain value: a copy goes on from the same point on its own, and nothing is allocated.
package struct SHA256: Sendable {
    private var context = SHA256_CTX()

    /// The hash of nothing so far.
    package init() {
        tg_SHA256_Init(&context)
    }

    /// The hash of some bytes.
    package static func digest(of bytes: Span<UInt8>) -> Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }

    /// Goes on with these bytes.
    package mutating func update(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { tg_SHA256_Update(&context, $0.baseAddress, $0.count) }
    }

    /// Goes on with the 32 bytes of another hash, as a chain does.
    package mutating func update(_ digest: Digest) {
        var words = digest.bigEndianWords
        withUnsafeBytes(of: &words) { tg_SHA256_Update(&context, $0.baseAddress, $0.count) }
    }

    /// The hash of everything so far; the value itself can still go on.
    package func finalize() -> Digest {
        var context = context
        return Digest(finishing: &context)
    }
}

extension SHA256 {
    /// The 32 bytes of a hash.
    package struct Digest: Hashable, Sendable {
        private let word0: UInt64
        private let word1: UInt64
        private let word2: UInt64
        private let word3: UInt64

        /// The hash as four words, each big-endian, the first bytes first.
        package var words: (UInt64, UInt64, UInt64, UInt64) { (word0, word1, word2, word3) }

        package init(words: (UInt64, UInt64, UInt64, UInt64)) {
            (word0, word1, word2, word3) = words
        }

        /// The hash in these bytes, nil unless there are 32.
        package init?(bytes: Span<UInt8>) {
            guard bytes.count == 32 else { return nil }
            func word(_ start: Int) -> UInt64 {
                var word: UInt64 = 0
                for index in start..<start + 8 { word = word << 8 | UInt64(bytes[index]) }
                return word
            }
            self.init(words: (word(0), word(8), word(16), word(24)))
        }

        /// The hash of what the context has seen; the context is spent.
        init(finishing context: inout SHA256_CTX) {
            var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
            withUnsafeMutableBytes(of: &words) { bytes in
                tg_SHA256_Final(bytes.bindMemory(to: UInt8.self).baseAddress, &context)
            }
            self.init(
                words: (
                    UInt64(bigEndian: words.0), UInt64(bigEndian: words.1),
                    UInt64(bigEndian: words.2), UInt64(bigEndian: words.3)
                )
            )
        }

        /// The 32 bytes.
        package var bytes: [UInt8] {
            [word0, word1, word2, word3].flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
            }
        }

        /// The words as they lie in memory when the bytes are in order.
        var bigEndianWords: (UInt64, UInt64, UInt64, UInt64) {
            (word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian)
        }
    }
}

extension SHA256.Digest: CustomStringConvertible {
    /// 64 hexadecimal digits.
    package var description: String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
