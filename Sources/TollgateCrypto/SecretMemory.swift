internal import COpenSSL
internal import Glibc

/// Memory for a secret: pages of its own, which are overwritten before they are given back.
///
/// As far as the system allows, the pages stay out of swap and out of core dumps. The heap would
/// promise neither, and would hand the bytes to whoever allocates next.
struct SecretMemory: ~Copyable {
    /// The first byte; valid as long as the value lives.
    let base: UnsafeMutableRawPointer

    /// How many bytes there are.
    let count: Int

    /// Takes pages for `count` bytes, at least one; all are zero.
    init(count: Int) throws(CryptoError) {
        precondition(count > 0)
        let pages = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let pages, pages != MAP_FAILED else {
            throw CryptoError(.memory, "cannot map \(count) bytes (errno \(errno))")
        }
        // Both fail where the process may lock no more memory. The secret is then as exposed as any
        // other data of the process, which is no reason not to serve.
        _ = mlock(pages, count)
        _ = madvise(pages, count, MADV_DONTDUMP)
        base = pages
        self.count = count
    }

    deinit {
        OPENSSL_cleanse(base, count)
        munmap(base, count)
    }
}
