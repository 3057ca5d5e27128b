internal import TollgateTransport
internal import TollgateWire

/// `grpc.health.v1.Health` on one event loop.
///
/// The server as a whole (the empty name) and each service share one status: either all of them
/// can decide or none.
final class HealthService {
    /// The services that can be asked about.
    static let names = [
        "",
        "envoy.service.auth.v3.Authorization",
        "envoy.service.ext_proc.v3.ExternalProcessor",
        "envoy.service.accesslog.v3.AccessLogService",
        "envoy.service.ratelimit.v3.RateLimitService",
        "tollgate.v1.Authorization",
        "tollgate.v1.KeyManagement",
        "grpc.health.v1.Health",
    ]

    /// The most watches on one loop; a proxy needs one for each connection.
    private static let watchLimit = 4096

    private let state: HealthState
    private let loop: RPCLoop
    private var output = OutputBuffer()
    private var watches: [CallID: Watch] = [:]
    /// Whether the server was serving when the watches were last told.
    private var wasServing = false

    /// What a watch was told last.
    private enum Watch {
        /// The client has not said which service it watches.
        case unnamed
        case told(HealthStatus)
    }

    /// The health of one more loop.
    init(_ state: HealthState, on loop: RPCLoop) {
        self.state = state
        self.loop = loop
        state.observe { _ in loop.wakeService() }
    }

    private var status: HealthStatus {
        switch state.status {
        case .serving: .serving
        case .notServing: .notServing
        }
    }

    /// Answers one question about one service.
    func check(_ call: CallID, _ message: Span<UInt8>) {
        do {
            let request = try HealthCheckRequest(message)
            guard HealthService.names.contains(request.service) else {
                return loop.fail(call, .notFound("no such service"), .now)
            }
            output.removeAll()
            HealthResponse.write(status, to: &output)
            reply(to: call, output)
        } catch {
            loop.fail(call, CallFailure(error).status, .now)
        }
    }

    /// Answers with the status of every service.
    func list(_ call: CallID, _ message: Span<UInt8>) {
        do {
            try HealthListRequest.read(message)
            output.removeAll()
            for name in HealthService.names {
                HealthResponse.writeEntry(service: name, status, to: &output)
            }
            reply(to: call, output)
        } catch {
            loop.fail(call, CallFailure(error).status, .now)
        }
    }

    private func reply(to call: CallID, _ message: borrowing OutputBuffer) {
        loop.reply(to: call, with: message.bytes, .now)
    }

    /// Begins a watch.
    func open(_ call: CallID) {
        guard watches.count < HealthService.watchLimit else {
            return loop.finish(call, .resourceExhausted("too many watches"), .now)
        }
        watches[call] = .unnamed
    }

    /// Takes the name that a watch is about.
    func receive(_ call: CallID, _ message: Span<UInt8>) {
        guard let watch = watches[call] else { return }
        guard case .unnamed = watch else {
            return end(call, .invalidArgument("a watch has one request"))
        }
        do {
            let request = try HealthCheckRequest(message)
            let isKnown = HealthService.names.contains(request.service)
            tell(call, isKnown ? status : .serviceUnknown)
        } catch {
            end(call, CallFailure(error).status)
        }
    }

    /// Ends a watch whose client has said everything, but not what it watches; others go on.
    func close(_ call: CallID) {
        guard case .unnamed = watches[call] else { return }
        end(call, .invalidArgument("a watch has one request"))
    }

    /// Tells every watch what has changed, and ends them all when the server stops serving.
    ///
    /// No watch ends by itself, so a server that stops would wait for them until its time is over.
    func tellWatches() {
        for (call, watch) in watches {
            guard case .told(let last) = watch, last != .serviceUnknown, last != status else {
                continue
            }
            tell(call, status)
        }
        if wasServing, status == .notServing {
            for call in Array(watches.keys) { end(call, CallFailure.stopping.status) }
        }
        wasServing = status == .serving
    }

    private func tell(_ call: CallID, _ status: HealthStatus) {
        output.removeAll()
        HealthResponse.write(status, to: &output)
        watches[call] = .told(status)
        send(output, on: call)
    }

    private func send(_ message: borrowing OutputBuffer, on call: CallID) {
        loop.send(message.bytes, on: call, .now)
    }

    private func end(_ call: CallID, _ status: RPCStatus) {
        watches[call] = nil
        loop.finish(call, status, .now)
    }

    /// Forgets a watch whose client is gone.
    func forget(_ call: CallID) {
        watches[call] = nil
    }
}
