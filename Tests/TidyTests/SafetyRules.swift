/// What can end the process or leave a room unchecked.
enum SafetyRules {
    static let forced = Rule(
        name: "Nothing is unwrapped, tried or cast by force",
        check: { file in
            guard file.isProduct else { return [] }
            return file.code.indices.dropFirst().compactMap { index in
                let token = file.code[index]
                let before = file.code[index - 1]
                guard token.isSymbol("!"), !token.isAfterSpace, endsOperand(before) else {
                    return nil
                }
                return file.violation(
                    token.line,
                    "'\(before.text)!' ends the process when it fails"
                )
            }
        },
        broken: [
            "let a = b!", "let a = b()!.c", "let a = b[0]!", "var a: Int!", "let a = try! b()",
            "let a = b as! C", "let a: [Int]! = nil", "let a = b?.c!", "let a = \"\\(b!)\"",
            "f(a!, b)", "var a: Array<Int>!", "let a = { b }()!",
        ].map { SourceFile("Sources/TollgateCore/A.swift", $0) },
        kept: [
            "if !a {}", "a != b", "a!=b", "f(!a, [!b])", "#if !os(Linux)\n#endif", "let a = \"b!\"",
            "// a!", "/* a! /* b! */ c! */", "#\"a\\(b!)\"#", "return !a", "let a = !b && !c",
            "func != (a: A, b: A) -> Bool { !(a == b) }", "\"\"\"\n a!\n\"\"\"",
        ].map { SourceFile("Sources/TollgateCore/A.swift", $0) }
    )

    /// Whether a token ends something that a value comes out of.
    private static func endsOperand(_ token: Token) -> Bool {
        switch token.kind {
        case .word: !["in", "return", "case", "where", "else", "is"].contains(token.text)
        case .string, .number: true
        case .symbol: [")", "]", "}", "?", ">"].contains(token.text)
        case .comment: false
        }
    }

    static let fatalErrors = Rule(
        name: "No input ends the process: fatalError does not occur",
        check: { file in
            guard file.isProduct else { return [] }
            return file.code.filter { $0.isWord("fatalError") }.map {
                file.violation($0.line, "throw an error, or state a precondition of our own")
            }
        },
        broken: [SourceFile("Sources/TollgateCore/A.swift", "func a() -> Never { fatalError() }")],
        kept: [
            SourceFile("Sources/TollgateCore/A.swift", "// fatalError(\nlet a = \"fatalError(\"")
        ]
    )

    static let publicNames = Rule(
        name: "Nothing is public or open: the package is a program, not a library",
        check: { file in
            file.code.indices.compactMap { index in
                let token = file.code[index]
                let follows = index + 1 < file.code.count ? file.code[index + 1].text : ""
                let isOpen =
                    token.isWord("open")
                    && ["class", "func", "var", "subscript", "override"].contains(follows)
                let isMember = index > 0 && file.code[index - 1].isSymbol(".")
                guard token.isWord("public") && follows != ":" || isOpen, !isMember else {
                    return nil
                }
                return file.violation(token.line, "'\(token.text)' is 'package' here")
            }
        },
        broken: ["public struct A {}", "open class A {}", "public(set) var a = 1"].map {
            SourceFile("Sources/TollgateCore/A.swift", $0)
        },
        kept: ["open(path)", "let a = b.public", "// public", "f(public: 1)", "func open() {}"].map
        {
            SourceFile("Sources/TollgateCore/A.swift", $0)
        }
    )

    static let pointers = Rule(
        name: "No pointer shows in what other rooms see",
        check: { file in
            guard file.isProduct else { return [] }
            return file.code.indices.filter { isPackageDeclaration(file, $0) }.flatMap { index in
                packageSurface(file, index).filter { isPointer(file.code[$0]) }.map { place in
                    let token = file.code[place]
                    return file.violation(token.line, "\(token.text) in a 'package' declaration")
                }
            }
        },
        broken: [
            "package func a(_ b: UnsafeRawPointer) {}", "package let a: OpaquePointer",
            "package func a(\n    _ b: Int\n)\n    -> UnsafeBufferPointer<UInt8>\n{}",
            "package init(\n    b: UnsafeMutablePointer<Int>?\n) {}",
            "package protocol A {\n    func b() -> OpaquePointer\n}",
            "package enum A {\n    case b\n    case c(UnsafeRawPointer)\n}",
            "package static func a(_ b: (UnsafeRawBufferPointer) -> Int) -> Int { 0 }",
        ].map { SourceFile("Sources/TollgateCore/A.swift", $0) },
        kept: [
            "package func a() {\n    let b: UnsafeRawPointer\n}", "let a: OpaquePointer",
            "package struct A {\n    private let b: UnsafeRawPointer\n}",
            "package let a: Int\nlet b: UnsafeRawPointer",
            "package var a: Int {\n    withUnsafeBytes { UnsafeRawPointer($0).b }\n}",
            "package enum A {\n    private static let b: UnsafeRawPointer? = nil\n}",
        ].map { SourceFile("Sources/TollgateCore/A.swift", $0) }
    )

    private static func isPackageDeclaration(_ file: SourceFile, _ index: Int) -> Bool {
        guard file.code[index].isWord("package"), index + 1 < file.code.count else { return false }
        return !file.code[index + 1].isWord("import")
            && (index == 0 || !file.code[index - 1].isSymbol("."))
    }

    /// The places of the tokens that other rooms see of a declaration.
    private static func packageSurface(_ file: SourceFile, _ index: Int) -> [Int] {
        let signature = file.signature(from: index)
        let open = signature.upperBound
        let words = file.code[signature].filter { $0.kind == .word }.map(\.text)
        guard open < file.code.count, file.code[open].isSymbol("{") else { return Array(signature) }
        let body = open..<file.closing(of: open)
        if words.contains("protocol") { return Array(signature) + Array(body) }
        guard words.contains("enum") else { return Array(signature) }
        // The cases of an enumeration are seen as far as it is.
        let cases = body.filter { place in
            file.code[place].isWord("case") && depth(of: place, in: file, from: open) == 1
        }
        return Array(signature) + cases.flatMap { Array(file.signature(from: $0)) }
    }

    private static func depth(of place: Int, in file: SourceFile, from open: Int) -> Int {
        file.code[open..<place].reduce(0) { depth, token in
            depth + (token.isSymbol("{") ? 1 : token.isSymbol("}") ? -1 : 0)
        }
    }

    private static func isPointer(_ token: Token) -> Bool {
        token.kind == .word && (token.text.hasPrefix("Unsafe") || token.text == "OpaquePointer")
    }

    static let proofs = Rule(
        name: "Whatever the compiler is told to believe has its proof in a comment above",
        check: { file in
            file.code.indices.compactMap { index in
                let token = file.code[index]
                let after = file.code[index...].dropFirst().prefix(2).map(\.text)
                let isBelieved =
                    token.isWord("unchecked") && after.first == "Sendable"
                    || token.isWord("nonisolated") && after == ["(", "unsafe"]
                guard isBelieved, !hasCommentAbove(file, token.line) else { return nil }
                return file.violation(token.line, "say above why this is safe")
            }
        },
        broken: [
            "final class A: @unchecked Sendable {}",
            "// Far away.\n\nstruct A: @unchecked Sendable {}",
            "struct B {\n    nonisolated(unsafe) let a: Int\n}",
            "// Not about B.\nstruct A {}\nstruct B: @unchecked Sendable {}",
            "final class A: @unchecked Sendable {} // Here it is too late.",
        ].map { SourceFile("Sources/TollgateCore/A.swift", $0) },
        kept: [
            "/// Safe: never written.\nfinal class A: @unchecked Sendable {}",
            "// Safe.\n@frozen\nfinal class A<\n    B\n>: @unchecked Sendable {}",
            "struct B {\n    // Safe.\n    nonisolated(unsafe) let a: Int\n}",
            "nonisolated func a() {}", "let a = \"@unchecked Sendable\"",
        ].map { SourceFile("Sources/TollgateCore/A.swift", $0) }
    )

    /// Whether the declaration that this line belongs to begins under a comment.
    private static func hasCommentAbove(_ file: SourceFile, _ line: Int) -> Bool {
        for above in file.lines[..<(line - 1)].reversed().prefix(8) {
            let text = above.drop { $0 == " " }
            if text.hasPrefix("//") { return true }
            if text.isEmpty || text.hasSuffix("{") || text.hasSuffix("}") { return false }
        }
        return false
    }

    static let unfinished = Rule(
        name: "Nothing is left for later",
        check: { file in
            file.comments.compactMap { comment in
                let words = comment.text.split { !$0.isLetter }
                let mark = words.first { ["TODO", "FIXME", "XXX", "HACK"].contains($0) }
                return mark.map { file.violation(comment.line, "'\($0)': do it, or say why not") }
            }
        },
        broken: ["// TODO: this", "/* FIXME */", "/// XXX later", "let a = 1 // HACK"].map {
            SourceFile("Tests/TidyTests/A.swift", $0)
        },
        kept: ["// It is done.", "let a = \"TODO\"", "let todo = 1", "// mTODOs"].map {
            SourceFile("Tests/TidyTests/A.swift", $0)
        }
    )
}
