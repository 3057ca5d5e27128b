internal import Logging
internal import ServiceLifecycle
internal import TollgateAdmin
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateGateway
internal import TollgateStore
internal import TollgateTransport
internal import UnixSignals

/// The whole program: opens what is kept, listens, and on a signal stops in good order.
package struct Server: Sendable {
    /// How long open calls may take after a signal to stop, on either listener.
    static let drainLimit = Duration.seconds(10)

    private let configuration: ServerConfiguration
    private let log = Logger(label: "tollgate")

    /// Makes a server that has not started.
    package init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
    }

    /// Starts, serves until SIGTERM or SIGINT, and stops.
    ///
    /// - Parameter announce: takes the lines that belong on standard output: once the first
    ///   administrator's key, and the line that says that the server is ready. It throws where a line
    ///   cannot be seen: without the first there is no start, without the second there is.
    /// - Throws: why it could not start, in one line; what was opened is closed again.
    package func run(
        announce: @escaping @Sendable (String) throws -> Void
    ) async throws(ServerError) {
        ProcessLimits.prepare()
        let house = try House(configuration)
        do {
            try house.registerAdministrator()
            try await serve(house, announce)
        } catch {
            house.close()
            throw error
        }
        house.close()
        log.info("stopped")
    }

    private func serve(
        _ house: House,
        _ announce: @escaping @Sendable (String) throws -> Void
    ) async throws(ServerError) {
        // Signals are taken from here on, so that one that comes during the start is not lost.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let rpc = try await Listeners.startRPC(house)
        let http = try await startHTTP(house, rpc.server, announce)
        let steward = Steward(house.engine, house.store, house.registry)
        let auditSteward = AuditSteward(house)
        let noticeSteward = NoticeSteward(house.notices)
        house.health.set(.serving)
        do {
            try announce("tollgate ready rpc=\(rpc.address) http=\(http.address)")
        } catch {
            log.warning(
                "nobody was told that the server is ready",
                metadata: ["reason": "\(error)"]
            )
        }
        let cause = await waitForStop(signals, house, http)
        house.health.set(.notServing)
        log.info("draining")
        // Both at once, so that neither waits for the other's clients.
        async let httpEnd: Void = http.stop()
        await rpc.server.drain(within: Server.drainLimit)
        await rpc.server.stop()
        await httpEnd
        steward.stop()
        house.recordStrangers()
        auditSteward.stop()
        noticeSteward.stop()
        if let cause { throw cause }
    }

    /// Starts to listen for administrators, and makes the first of them.
    ///
    /// When one of both fails, nothing listens any more.
    private func startHTTP(
        _ house: House,
        _ rpc: RPCServer,
        _ announce: (String) throws -> Void
    ) async throws(ServerError) -> HTTPListener {
        var http: HTTPListener?
        do {
            let listener = try await HTTPListener.start(house, rpc: rpc)
            http = listener
            try house.createFirstAdministrator(announce: announce)
            return listener
        } catch {
            await http?.stop()
            await rpc.stop()
            throw error
        }
    }

    /// Waits for a signal to stop, reloading on SIGHUP.
    ///
    /// - Returns: why the server has to stop when it was no signal.
    private func waitForStop(
        _ signals: UnixSignalsSequence,
        _ house: House,
        _ http: HTTPListener
    ) async -> ServerError? {
        // Not a task group: that would wait for the listener to end, which ends only after this.
        let (causes, announce) = AsyncStream.makeStream(of: ServerError?.self)
        let watch = Task {
            for await signal in signals {
                guard signal == .sighup else { break }
                house.reload()
            }
            announce.yield(nil)
        }
        let failure = Task { announce.yield(await http.failure()) }
        let certificates = Task { await house.watchCertificates() }
        defer {
            watch.cancel()
            failure.cancel()
            certificates.cancel()
        }
        for await cause in causes { return cause }
        return nil
    }
}
