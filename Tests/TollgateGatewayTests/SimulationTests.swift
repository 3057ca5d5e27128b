import Foundation
import HTTP2Testing
import SimulationTesting
import Testing
import TollgateCore
import TollgateEngine

@testable import TollgateGateway

@Suite("A simulated server")
struct SimulationTests {
    /// Seeds with which it ever broke a promise.
    static let keptSeeds: [UInt64] = []

    /// Set `TOLLGATE_SIMULATION_RUNS` to a number for a longer run.
    static let runs =
        ProcessInfo.processInfo.environment["TOLLGATE_SIMULATION_RUNS"].flatMap(UInt64.init) ?? 12

    @Test("exceeds no limit and loses no answer on its way through transport and gateway")
    func keepsItsPromises() {
        let seeds = SimulationTests.keptSeeds + (1...SimulationTests.runs)
        let findings = Simulation.run(seeds) { try GatewayDoor($0) }
        for problem in findings.problems { Issue.record("\(problem)") }
        #expect(findings.events == Simulation.allEvents)
    }
}

/// A loop's gateway behind its transport, and a client with a connection to it.
final class GatewayDoor: SimulatedDoor {
    private enum Question {
        case check(key: Int)
        case settle(ReservationID)
    }

    private let harness: LoopHarness<LoopGateway>
    private let client: GatewayClient
    private var open: [(stream: Int, question: Question)] = []

    init(_ engine: Engine) throws {
        let services = try GatewayServices(
            engine: engine,
            health: HealthState(),
            configuration: GatewayConfiguration(),
            waitsForDurability: false
        )
        harness = try LoopHarness(methods: GatewayMethod.table()) { LoopGateway(services, on: $0) }
        client = GatewayClient(try harness.open(), tick: harness.tick)
    }

    /// The first bytes begin it.
    func begin() {}

    func check(_ question: SimulatedCheck) throws {
        let message = NativeMessage.check(
            key: RandomWorld.secret(question.key),
            model: question.model,
            tokens: question.tokens,
            inputTokens: question.input
        )
        open.append((try client.send(.check, message), .check(key: question.key)))
    }

    func settle(_ report: SimulatedReport) throws {
        let message = NativeMessage.settle(
            "\(report.reservation)",
            input: report.tokens.input,
            output: report.tokens.output
        )
        open.append((try client.send(.settle, message), .settle(report.reservation)))
    }

    func end() throws -> [SimulatedAnswer] {
        harness.tick()
        defer { open = [] }
        return try open.map { stream, question in
            let answer = try client.answer(stream)
            switch (question, answer.status) {
            case (.check(let key), "0"): return try checked(answer, key)
            case (.settle(let reservation), "0"): return try settled(answer, reservation)
            case (.settle(let reservation), "5"): return .unknown(reservation)
            default: return .refused
            }
        }
    }

    private func checked(_ answer: GatewayClient.Answer, _ key: Int) throws -> SimulatedAnswer {
        let bytes = try #require(answer.messages.first)
        let response = try NativeResponse(bytes)
        guard response.isAllowed else { return .denied }
        let reservation = try #require(ReservationID(response.reservation))
        return .allowed(reservation, key: key, cost: response.reservedCost)
    }

    private func settled(
        _ answer: GatewayClient.Answer,
        _ reservation: ReservationID
    ) throws -> SimulatedAnswer {
        let outcome = try SettleAnswer(try #require(answer.messages.first))
        let kinds: [String: SettlementOutcome.Kind] = [
            "applied": .applied, "duplicate": .duplicate, "late": .late,
        ]
        let kind = try #require(kinds[outcome.outcome])
        return .settled(reservation, SettlementOutcome(kind, cost: Money(nanos: outcome.cost)))
    }
}
