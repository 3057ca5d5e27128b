internal import COpenSSL
internal import Glibc

/// A file of certificates or of a private key, read whole.
///
/// What was read is overwritten when the value is given up, as it may be a key.
struct PEMFile: ~Copyable {
    /// The largest file that is read: a thousand certificates.
    private static let sizeLimit = 1 << 20

    let path: String
    private let bytes: UnsafeMutableRawBufferPointer
    /// Reads from `bytes`, without a copy.
    private let reader: OpaquePointer

    /// Reads a regular file, or what a symbolic link to one leads to.
    init(_ path: String) throws(TransportError) {
        func failure(_ reason: String) -> TransportError {
            TransportError(code: .tls, message: "cannot read \(path): \(reason)")
        }
        // Without O_NONBLOCK a pipe put there would make the start wait for ever.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failure(PEMFile.systemReason()) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(PEMFile.systemReason()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failure("not a regular file") }
        guard status.st_size > 0 else { throw failure("it is empty") }
        guard status.st_size <= PEMFile.sizeLimit else { throw failure("larger than 1 MiB") }
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Int(status.st_size),
            alignment: 1
        )
        let count = PEMFile.read(file, into: bytes)
        let problem = count < 0 ? PEMFile.systemReason() : "no memory"
        guard count >= 0, let reader = BIO_new_mem_buf(bytes.baseAddress, Int32(count)) else {
            OPENSSL_cleanse(bytes.baseAddress, bytes.count)
            bytes.deallocate()
            throw failure(problem)
        }
        self.path = path
        self.bytes = bytes
        self.reader = reader
    }

    deinit {
        BIO_free(reader)
        OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        bytes.deallocate()
    }

    /// Lends each certificate of the file in turn, and says how many there were.
    ///
    /// Blocks of other kinds, such as a key, are passed over.
    func forEachCertificate(
        _ body: (OpaquePointer) throws(TransportError) -> Void
    ) throws(TransportError) -> Int {
        var count = 0
        while true {
            OpenSSLErrors.clear()
            guard let certificate = PEM_read_bio_X509(reader, nil, nil, nil) else { break }
            defer { X509_free(certificate) }
            count += 1
            try body(certificate)
        }
        guard OpenSSLErrors.isEndOfPEM else {
            throw failure("certificate \(count + 1): \(OpenSSLErrors.takeReason())")
        }
        OpenSSLErrors.clear()
        guard count > 0 else { throw failure("there is no certificate in it") }
        return count
    }

    /// Lends the private key of the file, which must not be encrypted.
    func withPrivateKey(
        _ body: (OpaquePointer) throws(TransportError) -> Void
    ) throws(TransportError) {
        var isEncrypted = false
        // The certificates of the same file may have been read before.
        BIO_ctrl(reader, BIO_CTRL_RESET, 0, nil)
        OpenSSLErrors.clear()
        let key = withUnsafeMutablePointer(to: &isEncrypted) { flag in
            // OpenSSL would ask for a password on the terminal if nobody answered for it.
            PEM_read_bio_PrivateKey(reader, nil, refusePassword, flag)
        }
        guard let key else {
            let reason = OpenSSLErrors.takeReason()
            throw failure(
                isEncrypted
                    ? "the private key is encrypted; an unencrypted one is needed"
                    : "there is no private key in it that can be used (\(reason))"
            )
        }
        defer { EVP_PKEY_free(key) }
        try body(key)
    }

    /// An error about what the file holds.
    func failure(_ reason: String) -> TransportError {
        TransportError(code: .tls, message: "cannot use \(path): \(reason)")
    }

    /// How many bytes were read, at most as many as fit; -1 on an error.
    private static func read(_ file: Int32, into bytes: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < bytes.count, let base = bytes.baseAddress {
            let count = Glibc.read(file, base + filled, bytes.count - filled)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return -1 }
            // Cut off since its size was looked at: what is there decides.
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// What the system said about the call just made.
    private static func systemReason() -> String {
        let code = errno
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { text in
            guard let start = text.baseAddress, strerror_r(code, start, text.count) == 0 else {
                return "error \(code)"
            }
            return String(cString: start)
        }
    }
}

/// Notes that a password was asked for, and gives none.
private func refusePassword(
    _ text: UnsafeMutablePointer<CChar>?,
    _ size: Int32,
    _ isWriting: Int32,
    _ flag: UnsafeMutableRawPointer?
) -> Int32 {
    flag?.assumingMemoryBound(to: Bool.self).pointee = true
    return -1
}
