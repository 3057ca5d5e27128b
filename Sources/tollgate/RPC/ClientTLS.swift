internal import NIOSSL

/// The client's side of TLS 1.3 for one server.
struct ClientTLS: Sendable {
    private let context: NIOSSLContext
    private let serverName: String?

    /// Reads the files and prepares the handshake.
    ///
    /// - Throws: `.unusable`, naming what cannot be read.
    init(_ tls: RPCEndpoint.TLS, for address: RPCEndpoint.Address) throws(RPCError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = ["h2"]
        if let authorities = tls.authorities { configuration.trustRoots = .file(authorities) }
        switch (tls.certificate, tls.key) {
        case (nil, nil): break
        case (let certificate?, let key?):
            configuration.certificateChain = try ClientTLS.reading(certificate) {
                try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
            }
            configuration.privateKey = try ClientTLS.reading(key) {
                .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            }
        case (nil, _?), (_?, nil):
            throw RPCError(
                .unusable,
                "a client certificate needs its key, and a key its certificate"
            )
        }
        context = try ClientTLS.reading(tls.authorities ?? "the TLS settings") {
            try NIOSSLContext(configuration: configuration)
        }
        serverName = tls.serverName ?? ClientTLS.name(in: address)
    }

    /// A handler for one connection.
    func makeHandler() throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: serverName)
    }

    /// The name that the certificate must carry; nil for an address, which is compared itself.
    private static func name(in address: RPCEndpoint.Address) -> String? {
        guard case .tcp(let host, _) = address else { return nil }
        let isAddress = host.contains(":") || host.utf8.allSatisfy { $0 == 0x2E || $0 < 0x3A }
        return isAddress ? nil : host
    }

    private static func reading<Value>(
        _ file: String,
        _ body: () throws -> Value
    ) throws(RPCError) -> Value {
        do {
            return try body()
        } catch {
            throw RPCError(.unusable, "cannot use \(file): \(Problem.text(of: error))")
        }
    }
}
