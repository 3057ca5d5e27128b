import Foundation
import Testing
import TollgateCore

@testable import TollgateGateway

/// Python's json as the judge; its rules stand in `Reference/requests.py`.
private enum Reference {
    static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Reference/requests.py")

    /// Whether there is a Python to ask.
    static let isThere: Bool = {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/python3")
        }
    }()

    /// What the script writes, in lines.
    static func lines(seed: Int, bodies: Int) throws -> [String] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.path, "\(seed)", "\(bodies)"]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    /// The bytes that hexadecimal digits stand for.
    static func bytes(_ digits: Substring) throws -> [UInt8] {
        let digits = Array(digits.utf8)
        return try stride(from: 0, to: digits.count, by: 2).map { place in
            let pair = String(decoding: digits[place..<place + 2], as: UTF8.self)
            return try #require(UInt8(pair, radix: 16))
        }
    }
}

@Suite("The reader of requests and Python's json agree", .enabled(if: Reference.isThere))
struct LLMRequestDifferentialTests {
    /// Whether a body that is all there is read as it must be.
    private func isRight(_ body: [UInt8], _ wanted: String, _ rules: ContentRules) -> Bool {
        let facts = LLMRequestReader.facts(of: body.span)
        // What is damaged behind a place that is too deep is not looked at.
        if wanted == "invalid" { return !facts.isComplete && !findings(body, rules).isWhole }
        return words(body, rules) == wanted
    }

    private func findings(_ body: [UInt8], _ rules: ContentRules) -> ContentFindings {
        let type: [UInt8] = []
        return LLMRequestReader.findings(in: body.span, contentType: type.span, by: rules)
    }

    /// What is found and read, in the reference's words.
    private func words(_ body: [UInt8], _ rules: ContentRules) -> String {
        let findings = findings(body, rules)
        let bits = String(findings.found, radix: 16) + (findings.isWhole ? "+" : "")
        return bits + " " + LLMRequestReader.facts(of: body.span).words(for: body)
    }

    /// The rules of the lines at the beginning.
    private func rules(_ lines: [String]) throws -> ContentRules {
        try ContentRules(
            try lines.prefix { $0.hasPrefix("rule ") }.map { line in
                KeyNotices.ContentRule(
                    name: "",
                    pattern: String(
                        decoding: try Reference.bytes(line.dropFirst(5)),
                        as: UTF8.self
                    ),
                    isBlocking: true
                )
            }
        )
    }

    @Test("on bodies made up, cut off at every byte, and damaged", arguments: 1...6)
    func agree(seed: Int) throws {
        let lines = try Reference.lines(seed: seed, bodies: 30)
        let rules = try rules(lines)
        var (cuts, damaged, place) = (0, 0, lines.prefix { $0.hasPrefix("rule ") }.count)
        while place + 1 < lines.count {
            let line = lines[place]
            let body = try Reference.bytes(
                line[(line.firstIndex(of: " ") ?? line.endIndex)...].dropFirst()
            )
            place += 1
            if line.hasPrefix("whole ") {
                #expect(
                    isRight(body, lines[place], rules),
                    "seed \(seed), \(lines[place]): \(line)"
                )
                damaged += 1
                place += 1
                continue
            }
            for count in 0...body.count {
                let part = Array(body.prefix(count))
                let found = words(part, rules)
                if found == lines[place + count] { continue }
                // One place says enough of a body.
                Issue.record(
                    "seed \(seed), \(count) bytes: \(found), not \(lines[place + count]): \(line)"
                )
                break
            }
            place += body.count + 1
            cuts += body.count + 1
        }
        #expect(cuts > 4000 && damaged == 150)
    }
}
