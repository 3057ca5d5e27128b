internal import Testing

extension Rule: CustomTestStringConvertible {
    static let all = [
        ImportRules.accessLevel, ImportRules.libraryWalls, ImportRules.directions,
        ImportRules.foundation, SafetyRules.forced, SafetyRules.fatalErrors,
        SafetyRules.publicNames, SafetyRules.pointers, SafetyRules.proofs, SafetyRules.unfinished,
        SizeRules.files, SizeRules.functions,
    ]

    var testDescription: String { name }
}

@Suite("The code itself")
struct TidyTests {
    @Test("keeps its rules", arguments: Rule.all)
    func rules(_ rule: Rule) throws {
        for violation in try Repository.swiftFiles().flatMap(rule.check) {
            Issue.record("\(violation)")
        }
    }

    @Test("is read in full")
    func filesAreFound() throws {
        let paths = try Repository.swiftFiles().map(\.path)
        #expect(paths.contains("Sources/TollgateCore/Decide.swift"))
        #expect(paths.contains("Tests/TidyTests/TidyTests.swift"))
        #expect(paths.contains("Sources/TollgateEngine/Accounts/KeyTable.swift"))
    }

    @Test("Every rule finds what breaks it", arguments: Rule.all)
    func findsViolations(_ rule: Rule) {
        #expect(!rule.broken.isEmpty)
        for file in rule.broken {
            #expect(!rule.check(file).isEmpty, "\(file.lines.joined(separator: "\n"))")
        }
    }

    @Test("Every rule leaves alone what keeps it", arguments: Rule.all)
    func acceptsTheRest(_ rule: Rule) {
        #expect(!rule.kept.isEmpty)
        for file in rule.kept {
            let found = rule.check(file)
            #expect(found.isEmpty, "\(found) in \(file.lines.joined(separator: "\n"))")
        }
    }

    @Test("needs every exception that it is granted, at the length that is granted")
    func exceptionsAreNeeded() throws {
        let files = try Repository.swiftFiles()
        for exception in SizeRules.longFunctions {
            let functions = files.first { $0.path == exception.path }?.functions ?? []
            let longest = functions.filter { $0.name == exception.name }.map(\.length).max()
            #expect(longest == exception.length, "\(exception.path): \(exception.name)")
            #expect(exception.length > SizeRules.functionLimit)
            #expect(!exception.reason.isEmpty)
        }
    }

    @Test("has at the root only what belongs there")
    func topLevel() throws {
        let ignored = try Repository.text(".gitignore").split(separator: "\n")
        let names = try Repository.names(in: ".")
        #expect(LayoutRules.strangers(among: names, ignored: ignored).isEmpty)
        #expect(names.contains("Package.swift"))
        let planted = ["Sources", "notes.txt", ".ci", "Package.resolved", "tollgate-data"]
        #expect(LayoutRules.strangers(among: planted, ignored: ignored) == ["notes.txt"])
    }

    @Test("has scripts that run and say how")
    func scripts() throws {
        let cases = try Repository.paths(under: "Tests").filter { path in
            // What the fuzzer kept has no ending either, and is bytes.
            path.contains("/Cases/") && !path.contains("/Fuzz/")
                && path.split(separator: "/").last?.contains(".") == false
        }
        let scripts = try Repository.paths(under: "scripts") + cases
        #expect(!scripts.isEmpty)
        for path in scripts {
            let problem = LayoutRules.problem(
                ofScript: try Repository.text(path),
                isExecutable: Repository.isExecutable(path)
            )
            #expect(problem == nil, "\(path)")
        }
    }

    @Test(
        "would find a script that does not say how it is run",
        arguments: [
            ("#!/bin/sh\n# usage: a b\n", false), ("# usage: a b\n", true),
            ("#!/bin/sh\n# Does a thing.\n", true), ("", true), ("#!/bin/sh\n# usage:\n", true),
        ]
    )
    func badScripts(_ text: String, _ isExecutable: Bool) {
        #expect(LayoutRules.problem(ofScript: text, isExecutable: isExecutable) != nil)
        let fine = "#!/usr/bin/env python3\n\"\"\"Does.\n\nusage: scripts/a\n\"\"\"\n"
        #expect(LayoutRules.problem(ofScript: fine, isExecutable: true) == nil)
    }
}
