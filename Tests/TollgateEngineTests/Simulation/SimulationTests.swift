internal import Foundation
internal import SimulationTesting
internal import Testing

@Suite("A simulated engine")
struct SimulationTests {
    /// Seeds with which it ever broke a promise.
    static let keptSeeds: [UInt64] = [1, 7, 9, 10]

    /// Set `TOLLGATE_SIMULATION_RUNS` to a number for a longer run.
    static let runs =
        ProcessInfo.processInfo.environment["TOLLGATE_SIMULATION_RUNS"].flatMap(UInt64.init) ?? 24

    @Test("exceeds no limit and loses no answer, whatever fails and whenever it ends")
    func keepsItsPromises() {
        let seeds = SimulationTests.keptSeeds + (1...SimulationTests.runs)
        let findings = Simulation.run(seeds) { EngineDoor($0) }
        for problem in findings.problems { Issue.record("\(problem)") }
        #expect(findings.events == Simulation.allEvents)
    }
}
