internal import Foundation
internal import TollgateAdmin
internal import TollgateServer

/// What a verification has found, as it is printed.
enum VerifyReport {
    /// The lines: facts, then problems, or that there are none.
    static func lines(
        _ report: OfflineStore.Report,
        _ output: OutputFormat,
        _ verdict: String
    ) -> [String] {
        switch output {
        case .json:
            let document: JSONValue = [
                "ok": .bool(report.problems.isEmpty), "facts": JSONValue(report.facts),
                "problems": JSONValue(report.problems),
            ]
            return [document.text(isIndented: true)]
        case .table:
            let problems = report.problems.map { "PROBLEM \($0)" }
            let end = problems.isEmpty ? [verdict] : problems
            return (report.facts + end).map { Terminal.printable($0) }
        }
    }
}

/// Variables that offline commands look at.
enum Environment {
    /// Where the server keeps its data when nobody says otherwise.
    static var dataDirectory: String {
        ProcessInfo.processInfo.environment["TOLLGATE_DATA_DIR"] ?? "./tollgate-data"
    }
}
