internal import TollgateCore
internal import TollgateEngine
package import TollgateTransport
internal import TollgateWire

/// Everything that proxies ask on one event loop: takes calls apart, has them decided, answers.
///
/// Confined to its loop. One question at a time is in `request`, one answer in the writers; all of
/// it is memory that the next call uses again.
package final class LoopGateway: LoopService {
    let services: GatewayServices
    let loop: RPCLoop
    let decisions: DecisionLoop
    private let health: HealthService
    private let reflection: ReflectionService
    // Touched by one thread and by one call at a time, start to end: checking that at run time, for
    // each access, would find nothing.
    @exclusivity(unchecked) var models: ModelCatalogue
    @exclusivity(unchecked) var request = CheckRequest()
    @exclusivity(unchecked) var scratch = TextBuffer(capacity: 1024)
    @exclusivity(unchecked) var envoyResponse = EnvoyCheckResponseWriter()
    @exclusivity(unchecked) var output = OutputBuffer()

    /// The gateway of one more loop.
    package init(_ services: GatewayServices, on loop: RPCLoop) {
        self.services = services
        self.loop = loop
        decisions = services.engine.makeLoop()
        health = HealthService(services.health, on: loop)
        reflection = ReflectionService(services.reflection, on: loop)
        models = services.models
    }

    // MARK: Turns

    package func turnBegan() {
        decisions.beginTurn()
        models = services.models
    }

    package func turnEnds() -> TurnOutcome {
        do {
            guard let position = try decisions.commit(), services.waitsForDurability else {
                return .release
            }
            hold(until: position)
            return .hold
        } catch {
            return .refuse(FailurePolicy(error).status)
        }
    }

    private func hold(until position: JournalPosition) {
        let loop = loop
        decisions.whenDurable(position) { error in
            loop.execute {
                if error == nil {
                    loop.release(heldTurns: 1)
                } else {
                    loop.refuse(heldTurns: 1, FailurePolicy.storage.status)
                }
            }
        }
    }

    /// The health has changed.
    package func serviceWoken() {
        health.tellWatches()
    }

    // MARK: Calls

    package func unary(_ call: CallID, method: Int, message: Span<UInt8>) {
        switch GatewayMethod(rawValue: method) {
        case .envoyCheck: envoyCheck(call, message)
        case .check: check(call, message)
        case .healthCheck: health.check(call, message)
        case .healthList: health.list(call, message)
        default: loop.fail(call, FailurePolicy.unimplemented.status, .now)
        }
    }

    package func streamOpened(_ call: CallID, method: Int) {
        switch GatewayMethod(rawValue: method) {
        case .healthWatch: health.open(call)
        case .reflection, .reflectionAlpha: reflection.open(call)
        default: loop.finish(call, FailurePolicy.unimplemented.status, .now)
        }
    }

    package func streamReceived(_ call: CallID, message: Span<UInt8>) {
        if !health.receive(call, message) { reflection.receive(call, message) }
    }

    package func streamHalfClosed(_ call: CallID) {
        // A health watch goes on when it has its name; a reflection is over.
        health.close(call)
        reflection.close(call)
    }

    package func callEnded(_ call: CallID, wasAnswered: Bool) {
        health.forget(call)
        reflection.forget(call)
    }

    /// Has the engine decide what is in `request`.
    func decide() -> Result<Verdict, FailurePolicy> {
        do {
            return .success(try decisions.check(request))
        } catch {
            return .failure(FailurePolicy(error))
        }
    }
}
