/// One Swift file of the repository, or one that a test made up.
struct SourceFile: Sendable {
    /// From the repository's root, with `/`.
    let path: String
    let lines: [Substring]
    /// Without comments.
    let code: [Token]
    let comments: [Token]

    init(_ path: String, _ text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let tokens = SwiftLexer.tokens(of: text)
        code = tokens.filter { $0.kind != .comment }
        comments = tokens.filter { $0.kind == .comment }
    }

    /// The target that the file belongs to: the folder under `Sources` or `Tests`.
    var room: String {
        let parts = path.split(separator: "/")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    var isProduct: Bool { path.hasPrefix("Sources/") }

    /// How many lines there are; the last newline starts none.
    var lineCount: Int { lines.last == "" ? lines.count - 1 : lines.count }

    func violation(_ line: Int, _ message: String) -> Violation {
        Violation(place: "\(path):\(line)", message: message)
    }
}

/// A place that breaks a rule.
struct Violation: CustomStringConvertible, Sendable {
    let place: String
    let message: String

    var description: String { "\(place): \(message)" }
}

/// A rule about source, with examples that show that it works.
struct Rule: Sendable {
    let name: String
    let check: @Sendable (SourceFile) -> [Violation]
    /// Files in which it must find something.
    let broken: [SourceFile]
    /// Files in which it must find nothing.
    let kept: [SourceFile]
}
