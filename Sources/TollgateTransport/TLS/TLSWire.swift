internal import COpenSSL
internal import NIOCore

/// Both ends of the wire as OpenSSL sees it: encrypted bytes that came in and that are to go out.
///
/// An OpenSSL BIO that reads from one `ByteBuffer` and writes to another, so that every byte is
/// copied once on its way in or out, and nothing is kept for a connection that is idle. OpenSSL's
/// own memory BIO would copy twice and never shrink.
final class TLSWire {
    /// What OpenSSL has not read yet.
    private var input = ByteBuffer()

    /// What was not sent yet.
    private var output = ByteBuffer()

    /// How many bytes OpenSSL has read so far.
    private(set) var consumedCount = 0

    /// Whether OpenSSL has written nothing yet.
    private(set) var isSilent = true

    /// How many bytes came in that OpenSSL has not read yet.
    var unreadCount: Int { input.readableBytes }

    /// Puts bytes behind those that came in before.
    func feed(_ bytes: ByteBuffer) {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeImmutableBuffer(bytes)
        }
    }

    /// Makes room for a number of bytes to go out, so that they are written without growing.
    func reserveOutput(_ count: Int) {
        output.reserveCapacity(minimumWritableBytes: count)
    }

    /// Takes what is to go out; nil when it is nothing.
    func drain() -> ByteBuffer? {
        guard output.readableBytes > 0 else { return nil }
        let bytes = output
        output = ByteBuffer()
        return bytes
    }

    /// Writes a fatal `unexpected_message` alert that is not encrypted (RFC 8446 section 6).
    func writeAlert() {
        isSilent = false
        output.writeBytes([21, 3, 3, 0, 2, 2, 10])
    }

    /// Forgets what came in.
    func discardInput() {
        input = ByteBuffer()
    }

    /// A new BIO on this wire, owned by the caller; the wire must outlive it.
    func makeBIO() -> OpaquePointer? {
        guard let method = TLSWire.method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    /// The functions of the BIO; nil when there was no memory for them.
    ///
    /// Safe to share: written once here, only read by OpenSSL, never freed.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        guard let method = BIO_meth_new(type, "tollgate wire") else { return nil }
        BIO_meth_set_read(method, readWire)
        BIO_meth_set_write(method, writeWire)
        BIO_meth_set_ctrl(method, controlWire)
        return method
    }()

    /// The wire behind a BIO: borrowed, it outlives the BIO.
    fileprivate static func of(_ bio: OpaquePointer?) -> TLSWire? {
        guard let data = BIO_get_data(bio) else { return nil }
        return Unmanaged<TLSWire>.fromOpaque(data).takeUnretainedValue()
    }

    /// Moves up to so many bytes to OpenSSL; returns how many.
    fileprivate func read(into target: UnsafeMutableRawPointer, _ count: Int) -> Int {
        let count = min(count, input.readableBytes)
        guard count > 0 else { return 0 }
        input.withUnsafeReadableBytes { bytes in
            if let source = bytes.baseAddress { target.copyMemory(from: source, byteCount: count) }
        }
        input.moveReaderIndex(forwardBy: count)
        consumedCount &+= count
        // Gives the buffer back to whoever read the socket.
        if input.readableBytes == 0 { input = ByteBuffer() }
        return count
    }

    /// Takes bytes from OpenSSL.
    fileprivate func write(_ bytes: UnsafeRawBufferPointer) {
        isSilent = false
        output.writeBytes(bytes)
    }
}

/// What tells OpenSSL that a call would have had to wait.
private let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY

private func readWire(
    _ bio: OpaquePointer?,
    _ target: UnsafeMutablePointer<CChar>?,
    _ count: Int32
) -> Int32 {
    BIO_clear_flags(bio, retryFlags)
    guard let wire = TLSWire.of(bio), let target, count > 0 else { return -1 }
    let copied = wire.read(into: target, Int(count))
    if copied > 0 { return Int32(copied) }
    BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
    return -1
}

private func writeWire(
    _ bio: OpaquePointer?,
    _ bytes: UnsafePointer<CChar>?,
    _ count: Int32
) -> Int32 {
    BIO_clear_flags(bio, retryFlags)
    guard let wire = TLSWire.of(bio), let bytes, count > 0 else { return -1 }
    wire.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
    return count
}

/// Of all that a BIO may be asked, OpenSSL needs only its flush to succeed.
private func controlWire(
    _ bio: OpaquePointer?,
    _ command: Int32,
    _ number: Int,
    _ pointer: UnsafeMutableRawPointer?
) -> Int {
    command == BIO_CTRL_FLUSH ? 1 : 0
}
