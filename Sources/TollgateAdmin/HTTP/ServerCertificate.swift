internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// The certificate of the listener, read again when its files change.
///
/// A renewed certificate counts from the next handshake on; connections keep theirs. Files that
/// cannot be used, or a certificate without its key halfway through a renewal, leave the old one in
/// place.
final class ServerCertificate: Sendable {
    /// What tells one content of the files from another without reading them.
    private struct Stamp: Equatable {
        var parts: [Int64] = []
    }

    /// A certificate, those behind it, and its key.
    private struct Pair {
        let chain: [NIOSSLCertificateSource]
        let key: NIOSSLPrivateKeySource
    }

    private struct State {
        var stamp: Stamp
        var pair: Pair
    }

    private let files: AdminConfiguration.TLS
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the files.
    ///
    /// - Throws: when they are not a certificate and its key.
    init(_ files: AdminConfiguration.TLS, logger: Logger) throws(AdminError) {
        self.files = files
        self.logger = logger
        // Stamped before it is read: a change in between is then seen as one.
        let stamp = ServerCertificate.stamp(files)
        do {
            state = Mutex(State(stamp: stamp, pair: try ServerCertificate.read(files)))
        } catch {
            throw AdminError(
                description: "certificate \(files.certificatePath) with key \(files.keyPath): "
                    + "cannot be used (\(error))"
            )
        }
    }

    /// What the listener is configured with: TLS 1.2 or later, HTTP/1.1, the newest certificate.
    func configuration() -> TLSConfiguration {
        let pair = state.withLock { $0.pair }
        var configuration = ServerCertificate.configuration(pair)
        configuration.sslContextCallback = { [self] _, promise in
            // Looking at files may wait, which an event loop must not.
            NIOThreadPool.singleton.submit { _ in promise.succeed(self.current()) }
        }
        return configuration
    }

    /// The certificate and the key for a handshake, read again when they have changed.
    func current() -> NIOSSLContextConfigurationOverride {
        let pair = state.withLock { state in
            let stamp = ServerCertificate.stamp(files)
            if stamp != state.stamp {
                // Also when it fails: one warning for each change, not for each handshake.
                state.stamp = stamp
                state.pair = reload() ?? state.pair
            }
            return state.pair
        }
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = pair.chain
        override.privateKey = pair.key
        return override
    }

    private func reload() -> Pair? {
        do {
            let pair = try ServerCertificate.read(files)
            logger.info("certificate reloaded", metadata: ["file": "\(files.certificatePath)"])
            return pair
        } catch {
            logger.warning(
                "certificate cannot be reloaded; the old one stays",
                metadata: ["file": "\(files.certificatePath)", "error": "\(error)"]
            )
            return nil
        }
    }

    private static func read(_ files: AdminConfiguration.TLS) throws -> Pair {
        let pair = Pair(
            chain: try NIOSSLCertificate.fromPEMFile(files.certificatePath)
                .map { .certificate($0) },
            key: .privateKey(try NIOSSLPrivateKey(file: files.keyPath, format: .pem))
        )
        // Finds out whether the key is that of the certificate.
        _ = try NIOSSLContext(configuration: configuration(pair))
        return pair
    }

    private static func configuration(_ pair: Pair) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: pair.chain,
            privateKey: pair.key
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }

    private static func stamp(_ files: AdminConfiguration.TLS) -> Stamp {
        var stamp = Stamp()
        for path in [files.certificatePath, files.keyPath] {
            var status = Glibc.stat()
            guard fstatat(AT_FDCWD, path, &status, 0) == 0 else { continue }
            stamp.parts += [
                Int64(truncatingIfNeeded: status.st_ino), Int64(status.st_size),
                Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
            ]
        }
        return stamp
    }
}
