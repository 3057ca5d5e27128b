internal import NIOSSL

/// The client's side of TLS 1.3 for one server.
struct ClientTLS: Sendable {
    private let context: NIOSSLContext
    private let serverName: String?

    /// Reads the files and prepares the handshake.
    ///
    /// - Throws: `.unusable`, naming what cannot be read.
    init(_ files: TLSFiles, for address: RPCEndpoint.Address) throws(RPCError) {
        do {
            var configuration = try files.configuration() ?? .makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv13
            configuration.applicationProtocols = ["h2"]
            context = try NIOSSLContext(configuration: configuration)
        } catch let failure as CommandFailure {
            throw RPCError(.unusable, failure.message)
        } catch {
            throw RPCError(.unusable, "TLS cannot be used: \(Problem.text(of: error))")
        }
        serverName = ClientTLS.name(in: address)
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
}
