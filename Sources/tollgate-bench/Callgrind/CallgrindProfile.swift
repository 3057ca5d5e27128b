internal import Foundation

/// Instructions that were counted, by function, as callgrind writes them.
///
/// Source: the Callgrind Format Specification, version 1, as far as callgrind itself writes it
/// without options for lines of machine code or for jumps.
struct CallgrindProfile {
    /// A function of one library or program.
    struct Function: Hashable {
        let name: String
        /// The file name of the library or program.
        let object: String
    }

    /// What is known of a function.
    struct Cost {
        /// Instructions in the function itself.
        var own = 0
        /// Instructions in the function and all that it called; calls in a circle count twice.
        var inclusive = 0
        /// How often it was called.
        var calls = 0
    }

    private(set) var costs: [Function: Cost] = [:]

    /// How often a function was called by which others.
    private(set) var callers: [Function: [Function: Int]] = [:]

    /// All instructions.
    var total: Int { costs.values.reduce(0) { $0 + $1.own } }

    /// Instructions by library or program.
    var byObject: [String: Int] {
        costs.reduce(into: [:]) { $0[$1.key.object, default: 0] += $1.value.own }
    }

    /// How often functions of this name were called.
    func calls(of name: String) -> Int {
        costs.reduce(0) { $1.key.name == name ? $0 + $1.value.calls : $0 }
    }

    /// Who called functions of this name, and how often, the most frequent first.
    func callers(of name: String) -> [(caller: Function, calls: Int)] {
        var calls: [Function: Int] = [:]
        for (function, callers) in callers where function.name == name {
            calls.merge(callers, uniquingKeysWith: +)
        }
        return calls.map { ($0.key, $0.value) }.sorted { $0.calls > $1.calls }
    }

    /// Adds what another profile counted.
    mutating func add(_ other: CallgrindProfile) {
        for (function, cost) in other.costs {
            costs[function, default: Cost()].own += cost.own
            costs[function, default: Cost()].inclusive += cost.inclusive
            costs[function, default: Cost()].calls += cost.calls
        }
        for (function, calls) in other.callers {
            callers[function, default: [:]].merge(calls, uniquingKeysWith: +)
        }
    }

    init() {}

    /// Reads a file.
    init(contentsOf file: URL) throws {
        var reader = Reader()
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            reader.read(Substring(line))
        }
        costs = reader.costs
        callers = reader.callers
    }
}

/// Goes through a profile line by line.
private struct Reader {
    private(set) var costs: [CallgrindProfile.Function: CallgrindProfile.Cost] = [:]
    private(set) var callers: [CallgrindProfile.Function: [CallgrindProfile.Function: Int]] = [:]
    private var functionNames: [Substring: String] = [:]
    private var objectNames: [Substring: String] = [:]
    private var object = ""
    private var function = ""
    private var calledObject: String?
    private var calledFunction = ""
    /// The calls that the next line gives the cost of.
    private var calls: Int?

    mutating func read(_ line: Substring) {
        guard let first = line.utf8.first else { return }
        if first < 0x3A && first != UInt8(ascii: "#") {
            readCost(line)
            return
        }
        guard let equals = line.firstIndex(of: "=") else { return }
        let value = line[line.index(after: equals)...]
        switch line[..<equals] {
        case "ob": object = Reader.name(value, &objectNames)
        case "fn": function = Reader.name(value, &functionNames)
        case "cob": calledObject = Reader.name(value, &objectNames)
        case "cfn": calledFunction = Reader.name(value, &functionNames)
        case "calls": calls = Int(value.prefix { $0 != " " })
        default: break
        }
    }

    /// A position, and the instructions there or in the calls made there.
    private mutating func readCost(_ line: Substring) {
        guard let space = line.firstIndex(of: " "),
            let cost = Int(line[line.index(after: space)...])
        else { return }
        let own = CallgrindProfile.Function(name: function, object: object)
        costs[own, default: .init()].inclusive += cost
        guard let calls else {
            costs[own, default: .init()].own += cost
            return
        }
        let called = CallgrindProfile.Function(
            name: calledFunction,
            object: calledObject ?? object
        )
        costs[called, default: .init()].calls += calls
        callers[called, default: [:]][own, default: 0] += calls
        calledObject = nil
        self.calls = nil
    }

    /// `(12) name` gives a name a number, `(12)` stands for it from then on.
    private static func name(_ value: Substring, _ known: inout [Substring: String]) -> String {
        guard value.first == "(", let end = value.firstIndex(of: ")") else { return String(value) }
        let number = value[...end]
        let rest = value[value.index(after: end)...].drop { $0 == " " }
        if !rest.isEmpty { known[number] = String(rest.split(separator: "/").last ?? rest) }
        return known[number] ?? ""
    }
}
