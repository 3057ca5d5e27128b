package import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore

/// The management listener as a service: it listens when run, and stops gracefully.
///
/// - Parameters:
///   - services: what it works with.
///   - configuration: where it listens, and how.
///   - logger: where requests are logged, at debug.
///   - onListening: called once with the address, a free port filled in: `127.0.0.1:7412` or
///     `unix:/run/tollgate/http.sock`.
/// - Returns: the service.
/// - Throws: `AdminError` when the certificate or its key cannot be read. An address that cannot be
///   listened at is thrown by `run`.
package func makeAdminApplication(
    services: AdminServices,
    configuration: AdminConfiguration,
    logger: Logger,
    onListening: @escaping @Sendable (String) -> Void
) throws(AdminError) -> some ApplicationProtocol {
    Application(
        router: AdminRoutes.router(services),
        server: try httpServer(configuration.tls, logger),
        configuration: ApplicationConfiguration(
            address: configuration.address.bindAddress,
            serverName: nil,
            availableConnectionsDelegate: MaximumAvailableConnections(
                configuration.connectionLimit
            )
        ),
        onServerRunning: { channel in
            onListening(configuration.address.description(boundTo: channel.localAddress))
        },
        logger: logger
    )
}

/// Why the management listener cannot be made.
package struct AdminError: Error, CustomStringConvertible, Sendable {
    /// One line for the operator; it names files, never what is in them.
    package let description: String
}

/// HTTP/1.1, with TLS or without; idle connections are closed after a minute, and so are those whose
/// client takes nothing of an answer.
private func httpServer(
    _ tls: AdminConfiguration.TLS?,
    _ logger: Logger
) throws(AdminError) -> HTTPServerBuilder {
    let configuration = HTTP1Channel.Configuration(
        additionalChannelHandlers: [StalledReaderHandler(limit: .seconds(30))],
        idleTimeout: .seconds(60),
        httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 16 * 1024,
            maxHeaderListSize: 32 * 1024,
            maxHeaderFieldCount: 100
        )
    )
    guard let tls else { return .http1(configuration: configuration) }
    let certificate = try ServerCertificate(tls, logger: logger)
    return HTTPServerBuilder { responder in
        SecureChannel(
            HTTP1Channel(responder: responder, configuration: configuration),
            certificate
        )
    }
}

extension AdminConfiguration.Address {
    fileprivate var bindAddress: BindAddress {
        switch self {
        case .tcp(let host, let port): .hostname(host, port: port)
        case .unix(let path): .unixDomainSocket(path: path)
        }
    }

    /// The address as the ready line shows it.
    fileprivate func description(boundTo address: SocketAddress?) -> String {
        switch self {
        case .unix(let path): return "unix:\(path)"
        case .tcp(let host, let port):
            let name = address?.ipAddress ?? host
            let shown = name.contains(":") ? "[\(name)]" : name
            return "\(shown):\(address?.port ?? port)"
        }
    }
}
