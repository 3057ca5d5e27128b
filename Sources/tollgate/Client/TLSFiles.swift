internal import NIOSSL

/// The files with which a command speaks TLS, in PEM.
struct TLSFiles: Equatable, Sendable {
    /// Certificates to trust besides the system's.
    var authorities: String?
    /// What is shown to a server that asks for it, and those behind it.
    var certificate: String?
    /// The key of the certificate.
    var key: String?

    /// What a client is configured with.
    ///
    /// - Returns: nil when nothing was said.
    /// - Throws: exit code 2 when one of the files cannot be.
    func configuration() throws(CommandFailure) -> TLSConfiguration? {
        guard authorities != nil || certificate != nil || key != nil else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let authorities {
            let trusted = try TLSFiles.certificates(authorities)
            configuration.additionalTrustRoots = [.certificates(trusted)]
        }
        switch (certificate, key) {
        case (nil, nil): break
        case (let certificate?, let key?):
            let chain = try TLSFiles.certificates(certificate)
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try TLSFiles.privateKey(key))
            // Else a key of another certificate would only be noticed by the server.
            guard (try? NIOSSLContext(configuration: configuration)) != nil else {
                throw .usage("\(key) is not the key of \(certificate)")
            }
        case (_?, nil): throw .usage("--client-cert needs --client-key as well")
        case (nil, _?): throw .usage("--client-key needs --client-cert as well")
        }
        return configuration
    }

    private static func certificates(_ file: String) throws(CommandFailure) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMFile(file)
        } catch {
            throw .usage("\(file) holds no certificates that can be read")
        }
    }

    private static func privateKey(_ file: String) throws(CommandFailure) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(file: file, format: .pem)
        } catch {
            throw .usage("\(file) holds no key that can be read")
        }
    }
}
