/// One thing that is measured: a file in `Scenarios`, and an entry in the list below.
protocol Scenario: Sendable {
    /// What it is called on the command line.
    var name: String { get }

    /// One line for the help and above its tables.
    var summary: String { get }

    /// Whether it counts instructions, which is slow and repeatable, or measures time.
    var countsInstructions: Bool { get }

    /// Measures, and returns what to print: tables, mostly.
    func run(on workbench: Workbench) throws -> [String]
}

/// Everything that can be measured, in the order in which it is.
enum Scenarios {
    static let all: [any Scenario] = [
        ChecksScenario(), LimitsScenario(), AdminScenario(), ProxyScenario.envoy,
        ProxyScenario.nginx, InstructionsScenario(isLimited: false),
        InstructionsScenario(isLimited: true),
    ]
}
