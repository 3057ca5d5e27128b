internal import ArgumentParser

/// Measures a real `tollgate serve` beside `nghttpd`, on this machine, now.
///
/// The numbers are for reading, and the ratios in one run are what to compare: nothing is asserted
/// about speed. What is asserted is that the answers are right.
@main
struct TollgateBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate-bench",
        abstract: "Measures tollgate serve beside nghttpd.",
        discussion: """
            Scenarios:
            \(Scenarios.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))
            """
    )

    @Flag(help: "Count instructions under callgrind: the same number on any machine.")
    var instructions = false

    @Option(
        help: ArgumentHelp("Scenarios to run; all that measure time by default.", valueName: "name")
    )
    var scenario: [String] = []

    @Option(help: ArgumentHelp("How many keys the store has.", valueName: "count"))
    var keys = 100_000

    @Option(help: ArgumentHelp("How often each measurement is made.", valueName: "count"))
    var rounds = 3

    @Option(help: ArgumentHelp("About how long one measurement takes.", valueName: "seconds"))
    var seconds = 2.0

    @Option(help: ArgumentHelp("Event loops of the server.", valueName: "count"))
    var threads = 1

    @Option(help: ArgumentHelp("Requests to count instructions over.", valueName: "count"))
    var requests = 5000

    @Option(help: ArgumentHelp("How many functions to name.", valueName: "count"))
    var top = 25

    @Flag(inversion: .prefixedNo, help: "Servers on the first core, the load on the second.")
    var pin = true

    @Option(
        help: ArgumentHelp("The program to measure, by default beside this one.", valueName: "file")
    )
    var server: String?

    @Flag(help: "Keep the temporary directory, and say where it is.")
    var keep = false

    func validate() throws {
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            guard range.contains(value) else {
                throw ValidationError(
                    "--\(name) must be \(range.lowerBound) to \(range.upperBound)"
                )
            }
        }
        try check("keys", keys, 1...10_000_000)
        try check("rounds", rounds, 1...1000)
        try check("threads", threads, 1...1024)
        try check("requests", requests, 10...10_000_000)
        try check("top", top, 1...1000)
        guard seconds >= 0.1, seconds <= 3600 else {
            throw ValidationError("--seconds must be 0.1 to 3600")
        }
        _ = try chosenScenarios()
    }

    func run() throws {
        let settings = Settings(
            keyCount: keys,
            rounds: rounds,
            seconds: seconds,
            threads: threads,
            requests: requests,
            top: top,
            isPinned: pin && Machine.coreCount > 1,
            serverPath: server ?? Machine.path(beside: "tollgate")
        )
        let workbench = try Workbench(settings)
        defer { workbench.tearDown(keeping: keep) }
        print(Machine.description(for: settings))
        for scenario in try chosenScenarios() {
            print("\n\(scenario.name): \(scenario.summary)")
            for section in try scenario.run(on: workbench) { print("\n\(section)") }
        }
    }

    private func chosenScenarios() throws -> [any Scenario] {
        if scenario.isEmpty {
            return Scenarios.all.filter { $0.countsInstructions == instructions }
        }
        return try scenario.map { name in
            guard let scenario = Scenarios.all.first(where: { $0.name == name }) else {
                throw ValidationError("there is no scenario '\(name)'")
            }
            return scenario
        }
    }
}
