internal import Glibc
internal import Logging
internal import NIOSSL
internal import Synchronization

/// The certificate of the listener and its clients' authorities, read again when their files change.
///
/// What was renewed counts from the next connection on; those that are open keep theirs. Files that
/// cannot be used, or a certificate without its key halfway through a renewal, leave all of the old
/// ones in place.
final class ServerCertificate: Sendable {
    /// What the files said when they were read.
    struct Contents {
        let configuration: TLSConfiguration
        /// Made of the configuration; what connections are encrypted with.
        let context: NIOSSLContext
    }

    /// What tells one content of the files from another without reading them.
    private struct Stamp: Equatable {
        var parts: [Int64] = []
    }

    private struct State {
        var stamp: Stamp
        var contents: Contents
    }

    private let files: AdminConfiguration.TLS
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the files.
    ///
    /// - Throws: when they are not a certificate, its key and clients' authorities.
    init(_ files: AdminConfiguration.TLS, logger: Logger) throws(AdminError) {
        self.files = files
        self.logger = logger
        // Stamped before it is read: a change in between is then seen as one.
        let stamp = ServerCertificate.stamp(files)
        state = Mutex(State(stamp: stamp, contents: try ServerCertificate.read(files)))
    }

    /// What a connection that comes now gets; read again when the files have changed.
    ///
    /// It may wait for the file system.
    func current() -> Contents {
        state.withLock { state in
            let stamp = ServerCertificate.stamp(files)
            if stamp != state.stamp {
                // Also when it fails: one warning for each change, not for each connection.
                state.stamp = stamp
                state.contents = reload() ?? state.contents
            }
            return state.contents
        }
    }

    private func reload() -> Contents? {
        do {
            let contents = try ServerCertificate.read(files)
            logger.info("certificate reloaded", metadata: ["file": "\(files.certificatePath)"])
            return contents
        } catch {
            logger.warning(
                "certificate cannot be reloaded; the old one stays",
                metadata: ["file": "\(files.certificatePath)", "error": "\(error)"]
            )
            return nil
        }
    }

    private static func read(_ files: AdminConfiguration.TLS) throws(AdminError) -> Contents {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificatePath)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: files.keyPath, format: .pem))
            )
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            if let path = files.clientAuthorityPath {
                try requireClients(of: path, in: &configuration)
            }
            // Finds out whether the key is that of the certificate.
            let context = try NIOSSLContext(configuration: configuration)
            return Contents(configuration: configuration, context: context)
        } catch let error as AdminError {
            throw error
        } catch {
            throw AdminError(
                description: "certificate \(files.certificatePath) with key \(files.keyPath): "
                    + "cannot be used (\(error))"
            )
        }
    }

    /// Has clients show a certificate of one of the authorities in a file.
    private static func requireClients(
        of path: String,
        in configuration: inout TLSConfiguration
    ) throws(AdminError) {
        do {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(path))
        } catch {
            throw AdminError(description: "certificates of clients' authorities \(path): \(error)")
        }
        // The names in a client's certificate are no host's.
        configuration.certificateVerification = .noHostnameVerification
    }

    private static func stamp(_ files: AdminConfiguration.TLS) -> Stamp {
        var stamp = Stamp()
        for path in [files.certificatePath, files.keyPath, files.clientAuthorityPath] {
            var status = Glibc.stat()
            guard let path, fstatat(AT_FDCWD, path, &status, 0) == 0 else { continue }
            stamp.parts += [
                Int64(truncatingIfNeeded: status.st_ino), Int64(status.st_size),
                Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
            ]
        }
        return stamp
    }
}
