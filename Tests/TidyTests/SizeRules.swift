/// A file is a page, a function a paragraph.
enum SizeRules {
    /// The most lines of a file.
    private static let fileLimit = 600
    /// The most lines of a function.
    static let functionLimit = 80

    /// A function that may be longer, and why.
    ///
    /// The length is exact, so that it can shrink but not grow unseen.
    struct LongFunction: Sendable {
        let path: String
        let name: String
        let length: Int
        let reason: String
    }

    static let longFunctions: [LongFunction] = []

    static let files = Rule(
        name: "A file has at most \(fileLimit) lines",
        check: { file in
            file.lineCount > fileLimit
                ? [file.violation(fileLimit, "the file has \(file.lineCount) lines")] : []
        },
        broken: [
            SourceFile("Tests/TidyTests/A.swift", String(repeating: "\n", count: fileLimit + 1)),
            SourceFile("Sources/A/A.swift", String(repeating: "//\n", count: fileLimit) + "//"),
        ],
        kept: [SourceFile("Sources/A/A.swift", String(repeating: "//\n", count: fileLimit))]
    )

    static let functions = Rule(
        name: "A function has at most \(functionLimit) lines",
        check: { file in
            file.functions.compactMap { function in
                let exception = longFunctions.first {
                    $0.path == file.path && $0.name == function.name
                }
                guard function.length > exception?.length ?? functionLimit else { return nil }
                let message = "'\(function.name)' has \(function.length) lines"
                return file.violation(function.line, message)
            }
        },
        broken: [
            function("func a() {", lines: functionLimit + 1),
            function("init(a: Int) {", lines: functionLimit + 1),
            function("subscript(a: Int) -> Int {", lines: functionLimit + 1),
            function(
                "func a<B>(\n    b: () -> Int = { 1 }\n)\n    throws(E) -> B\nwhere B: C {",
                lines: 80
            ),
        ],
        kept: [
            function("func a() {", lines: functionLimit),
            function("protocol P {\n    func a()\n    func b() -> Int\n", lines: functionLimit + 1),
            function("enum A {\n    static let b = C.init()\n", lines: functionLimit + 1),
        ]
    )

    /// A made-up file with one declaration of so many lines, whatever its first ones are.
    private static func function(_ start: String, lines: Int) -> SourceFile {
        let body = String(repeating: "\n    let x = 1", count: lines - 2)
        return SourceFile("Sources/A/A.swift", start + body + "\n}\n")
    }
}
