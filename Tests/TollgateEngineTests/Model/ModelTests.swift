internal import Dispatch
internal import Foundation
internal import SimulationTesting
internal import Synchronization
internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("The engine and the naive model")
struct ModelTests {
    /// Seeds with which they ever differed.
    static let keptSeeds: [UInt64] = [6, 36]

    /// Set `TOLLGATE_MODEL_RUNS` to a number for a longer run.
    static let runs =
        ProcessInfo.processInfo.environment["TOLLGATE_MODEL_RUNS"].flatMap(UInt64.init) ?? 16

    @Test("agree on every verdict, settlement and counter, with all reasons and outcomes")
    func agree() throws {
        let seeds = ModelTests.keptSeeds + (1...ModelTests.runs)
        let seen = Mutex(Seen())
        DispatchQueue.concurrentPerform(iterations: seeds.count) { index in
            var log: [String] = []
            do {
                let twins = try run(seeds[index], &log)
                seen.withLock { seen in
                    seen.reasons.formUnion(twins.reasons.keys)
                    seen.outcomes.formUnion(twins.outcomes.keys)
                }
            } catch {
                let end = log.suffix(12).joined(separator: "\n")
                seen.withLock { $0.differences.append("seed \(seeds[index]): \(error)\n\(end)") }
            }
        }
        // Otherwise the seeds would show less than they seem to.
        let all = seen.withLock { $0 }
        for difference in all.differences { Issue.record("\(difference)") }
        #expect(
            all.reasons == [
                .allowed, .keyDisabled, .pricingNotAllowed, .requestTooLarge, .rateLimited,
                .tokenRateLimited, .concurrencyLimited, .budgetExceeded, .tokenQuotaExceeded,
                .requestQuotaExceeded, .balanceExhausted,
            ]
        )
        #expect(all.outcomes == ["applied", "duplicate", "late", "unknown"])
    }

    /// What all seeds together have seen.
    private struct Seen {
        var reasons: Set<Reason> = []
        var outcomes: Set<String> = []
        var differences: [String] = []
    }

    /// Does many random things to both; `log` says which.
    private func run(_ seed: UInt64, _ log: inout [String]) throws -> Twins {
        var options = EngineOptions()
        // With so few, keys leave memory between their requests. When they come back, windows that
        // were only looked at are forgotten, which shows when zones change.
        let isCrowded = seed.isMultiple(of: 3)
        if isCrowded { options.activeKeyLimit = 64 * 8 }
        options.holdAge = 90_000_000_000
        let twins = try Twins(seed: seed, options: options)
        defer { log = twins.log }
        for step in 0..<260 {
            try act(twins, isCrowded)
            if step % 20 == 19 { try twins.compareLedger() }
            if isCrowded { try twins.crowd() }
            try twins.compare()
        }
        return twins
    }

    private func act(_ twins: Twins, _ isCrowded: Bool) throws {
        switch twins.random.number(in: 0...39) {
        case 0: try twins.changeKey(zones: !isCrowded)
        case 1: try twins.changeGroup(zones: !isCrowded)
        case 2: try twins.restart()
        case 3: try twins.turn(failing: twins.random.isOnce(in: 2) ? .lost : .kept)
        case 4...6: try twins.tend()
        case 7: try twins.journal.project()
        case 19: try twins.moveKey()
        case 8:
            let hours = [-25, -1, 1, 25][twins.random.number(in: 0...3)]
            twins.time.step(nanoseconds: Int64(hours) * 3_600_000_000_000)
            twins.log.append("the wall clock steps \(hours) h")
        case 9...17:
            let most = [1_000_000, 2_000_000_000, 40_000_000_000, 4_000_000_000_000]
            let span = most[twins.random.number(in: 0...most.count - 1)]
            twins.time.advance(nanoseconds: Int64(twins.random.number(in: 0...span)))
        case 18 where twins.random.isOnce(in: 4):
            twins.time.advance(nanoseconds: 86_400_000_000_000)
        default: try twins.turn()
        }
    }
}
