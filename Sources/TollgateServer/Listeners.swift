internal import TollgateGateway
internal import TollgateTransport

/// The rpc listener of a house.
enum Listeners {
    /// Starts to listen for proxies.
    static func startRPC(
        _ house: House
    ) async throws(ServerError) -> (server: RPCServer, address: ListenAddress) {
        var transport = TransportConfiguration()
        transport.threads = house.configuration.threads
        transport.maximumMessageBytes = house.configuration.maximumMessage
        let services = house.services
        do {
            let server = RPCServer(
                configuration: transport,
                methods: GatewayMethod.table(isLogged: services.isLogged),
                makeService: { loop in LoopGateway(services, on: loop) }
            )
            let address = try await server.start(
                on: house.configuration.rpcAddress,
                tls: house.rpcTLS
            )
            return (server, address)
        } catch {
            throw ServerError("rpc listener: \(error.message)")
        }
    }
}
