internal import COpenSSL
package import TollgateCore

/// Digests the secrets of keys: HMAC-SHA256 (RFC 2104) under the pepper.
///
/// The pepper's two blocks are hashed once, at the start; a digest then copies 112 bytes twice,
/// hashes what is left and allocates nothing. Called for every Check, from any thread. What is
/// kept is as good as the pepper to whoever reads it: it shares no memory with other data, is
/// overwritten in the end, and does not show in a description or a dump.
package final class SecretDigester: Sendable {
    /// SHA-256 after the block of the pepper and `0x36`, and after that of the pepper and `0x5C`.
    private struct States {
        var inner: SHA256_CTX
        var outer: SHA256_CTX
    }

    /// Holds one `States`, written before `init` returns and only read afterwards.
    private let memory: SharedMemory

    /// Precomputes what depends on the pepper alone.
    package init(_ pepper: consuming Pepper) throws(CryptoError) {
        let memory = try SecretMemory(count: MemoryLayout<States>.size)
        let states = memory.base.initializeMemory(
            as: States.self,
            to: States(inner: SHA256_CTX(), outer: SHA256_CTX())
        )
        SecretDigester.start(&states.pointee.inner, pepper.bytes, padding: 0x36)
        SecretDigester.start(&states.pointee.outer, pepper.bytes, padding: 0x5C)
        self.memory = SharedMemory(memory)
    }

    /// The digest of a secret.
    package func digest(of secret: Span<UInt8>) -> KeyDigest {
        let states = UnsafePointer(memory.secret.base.assumingMemoryBound(to: States.self))
        var inner = states.pointee.inner
        secret.withUnsafeBytes { tg_SHA256_Update(&inner, $0.baseAddress, $0.count) }
        var innerWords = SHA256.Digest(finishing: &inner).bigEndianWords
        var outer = states.pointee.outer
        withUnsafeBytes(of: &innerWords) { tg_SHA256_Update(&outer, $0.baseAddress, $0.count) }
        return KeyDigest(words: SHA256.Digest(finishing: &outer).words)
    }

    /// The digest of a secret of which nothing is known but its SHA-256.
    ///
    /// It is the digest of a digest: were it that of the hash alone, whoever knows the hash could
    /// present its bytes as a secret.
    package func digest(ofHash hash: SHA256.Digest) -> KeyDigest {
        let inner = digest(of: hash.bytes.span)
        return digest(of: inner.bytes.span)
    }

    /// Hashes the first block: the pepper, filled up with zeros, each byte combined with `padding`.
    private static func start(
        _ context: inout SHA256_CTX,
        _ pepper: Span<UInt8>,
        padding: UInt8
    ) {
        var block = [64 of UInt8](repeating: padding)
        for index in 0..<pepper.count { block[index] ^= pepper[index] }
        tg_SHA256_Init(&context)
        block.span.withUnsafeBytes { tg_SHA256_Update(&context, $0.baseAddress, $0.count) }
        withUnsafeMutableBytes(of: &block) { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}

/// Secret memory that many threads read.
///
/// Sendable because nobody writes it any more: it has one owner, which wrote it before sharing it,
/// and which only lends it for reading until the last reference is gone.
private struct SharedMemory: ~Copyable, @unchecked Sendable {
    let secret: SecretMemory

    init(_ secret: consuming SecretMemory) {
        self.secret = secret
    }
}

extension SecretDigester: CustomStringConvertible, CustomReflectable {
    package var description: String { "SecretDigester" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
