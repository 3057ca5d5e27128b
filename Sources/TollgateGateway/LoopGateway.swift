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
    let decisionLog: (any DecisionLog)?
    /// Whether decisions are logged: one bit to look at for each of them.
    let isLogged: Bool
    /// How plain HTTP is read: the proxy's headers count there, for the listener is for proxies, which
    /// must not pass on a client's.
    let httpConfiguration: GatewayConfiguration
    private let health: HealthService
    private let reflection: ReflectionService
    private let management: ManagementService
    // Touched by one thread and by one call at a time, start to end: checking that at run time, for
    // each access, would find nothing.
    @exclusivity(unchecked) var models: ModelCatalogue
    @exclusivity(unchecked) var request = CheckRequest()
    @exclusivity(unchecked) var scratch = TextBuffer(capacity: 1024)
    @exclusivity(unchecked) var settlement = Settlement()
    @exclusivity(unchecked) var envoyResponse = EnvoyCheckResponseWriter()
    @exclusivity(unchecked) var output = OutputBuffer()
    @exclusivity(unchecked) var httpAnswer = HTTPAnswerWriter()
    /// The open calls of `CheckStream`.
    var checkStreams: Set<CallID> = []
    /// The answers that pass by.
    var processing: [CallID: ProcessingStream] = [:]
    /// The access logs that are being sent.
    var accessLogs: Set<CallID> = []
    /// What they say has ended, and nobody has reported yet.
    var unreported = UnreportedHolds()

    /// The gateway of one more loop.
    package init(_ services: GatewayServices, on loop: RPCLoop) {
        self.services = services
        self.loop = loop
        decisions = services.engine.makeLoop()
        decisionLog = services.decisionLog
        isLogged = services.isLogged
        var httpConfiguration = services.configuration
        httpConfiguration.trustsRequestHeaders = true
        self.httpConfiguration = httpConfiguration
        health = HealthService(services.health, on: loop)
        reflection = ReflectionService(services.reflection, on: loop)
        management = ManagementService(services.management, on: loop)
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
            return .refuse(CallFailure(error).status)
        }
    }

    private func hold(until position: JournalPosition) {
        let loop = loop
        decisions.whenDurable(position) { error in
            loop.execute {
                if error == nil {
                    loop.release(heldTurns: 1)
                } else {
                    loop.refuse(heldTurns: 1, CallFailure.storage.status)
                }
            }
        }
    }

    /// The health has changed, or an administrator's call has its answer.
    package func serviceWoken() {
        management.deliver()
        health.tellWatches()
        endUnreported()
        if services.health.status == .notServing {
            endCheckStreams()
            endAccessLogs()
        }
    }

    // MARK: Calls

    package func unary(_ call: CallID, method: Int, message: Span<UInt8>) {
        switch GatewayMethod(rawValue: method) {
        case .envoyCheck: envoyCheck(call, message)
        case .check: check(call, message)
        case .settle: settle(call, message)
        case .httpCheck: httpCheck(call, message)
        case .httpSettle: httpSettle(call, message)
        case .rateLimit: shouldRateLimit(call, message)
        case .healthCheck: health.check(call, message)
        case .healthList: health.list(call, message)
        case nil: management.call(call, method - GatewayMethod.allCases.count, message)
        default: loop.fail(call, CallFailure.unimplemented.status, .now)
        }
    }

    package func streamOpened(_ call: CallID, method: Int) {
        switch GatewayMethod(rawValue: method) {
        case .checkStream: checkStreams.insert(call)
        case .process: openProcessing(call)
        case .accessLogs: accessLogs.insert(call)
        case .healthWatch: health.open(call)
        case .reflection, .reflectionAlpha: reflection.open(call)
        default: loop.finish(call, CallFailure.unimplemented.status, .now)
        }
    }

    package func streamReceived(_ call: CallID, method: Int, message: Span<UInt8>) {
        switch GatewayMethod(rawValue: method) {
        case .checkStream: checkNext(call, message)
        case .process: process(call, message)
        case .accessLogs: readAccessLog(call, message)
        case .healthWatch: health.receive(call, message)
        case .reflection, .reflectionAlpha: reflection.receive(call, message)
        default: break
        }
    }

    package func streamHalfClosed(_ call: CallID, method: Int) {
        switch GatewayMethod(rawValue: method) {
        case .checkStream: endCheckStream(call, .ok)
        case .process: closeProcessing(call)
        case .accessLogs: closeAccessLog(call)
        // A watch goes on when it has its name.
        case .healthWatch: health.close(call)
        case .reflection, .reflectionAlpha: reflection.close(call)
        default: break
        }
    }

    /// Forgets what waits for a call that is gone; takes back nothing that was decided for it.
    ///
    /// What was handed to the socket may have arrived, so its hold stays until it is settled. So
    /// does that of a call that was reset before its turn's answers left: the decision may already
    /// be in the turn's block, nobody will settle it, and it ends by its age, as the key's
    /// `unsettled` policy says.
    package func callEnded(_ call: CallID, wasAnswered: Bool) {
        checkStreams.remove(call)
        forgetProcessing(call)
        accessLogs.remove(call)
        health.forget(call)
        reflection.forget(call)
        management.forget(call)
    }

    // MARK: Answers

    // The message comes as a parameter: a property that is lent out cannot be touched meanwhile, and
    // the call may come back to this object.

    /// Answers a call with one message, which ends it.
    func reply(
        to call: CallID,
        with message: borrowing OutputBuffer,
        _ release: Release
    ) {
        loop.reply(to: call, with: message.bytes, release)
    }

    /// Sends a message of a stream.
    func send(_ message: borrowing OutputBuffer, on call: CallID, _ release: Release) {
        loop.send(message.bytes, on: call, release)
    }

    // MARK: Deciding

    /// Has the engine decide what is in `request`, with what is known of its content.
    func decide() -> Result<Decision, CallFailure> {
        do {
            return .success(decision(of: try decisions.check(&request)))
        } catch {
            return .failure(CallFailure(error))
        }
    }

    /// Has the engine decide what is in `request`, and reads the content of what it was made from
    /// when the key has rules for it.
    func decide(_ translation: borrowing EnvoyTranslation) -> Result<Decision, CallFailure> {
        do throws(EngineError) {
            var verdict = try decisions.check(&request)
            // Once, unless the rules are changed meanwhile.
            for _ in 0..<LoopGateway.contentReadLimit {
                guard verdict.needsContent, let rules = decisions.contentRules else { break }
                request.content = translation.content(by: rules)
                verdict = try decisions.check(&request)
            }
            if verdict.needsContent { throw EngineError.overloaded }
            return .success(decision(of: verdict))
        } catch {
            return .failure(CallFailure(error))
        }
    }

    /// How often content is read anew for rules that change meanwhile.
    private static let contentReadLimit = 3

    private func decision(of verdict: Verdict) -> Decision {
        Decision(verdict, decisions.report, services.configuration, decisions.contentRules)
    }
}
