/// What lies where in the repository, beside Swift.
enum LayoutRules {
    private static let topLevel: Set<String> = [
        "LICENSE", "Package.swift", "README.md", "Sources", "Tests", "docs", "examples",
        "generated",
        "proto", "scripts",
    ]

    /// The names at the root that have no place there.
    ///
    /// - Parameters:
    ///   - names: what is there.
    ///   - ignored: the lines of `.gitignore`; what git does not see may lie there.
    /// - Returns: what should not be there.
    static func strangers(among names: [String], ignored: [Substring]) -> [String] {
        let unseen = Set(ignored.map { $0.filter { $0 != "/" } })
        return names.filter { name in
            !name.hasPrefix(".") && !topLevel.contains(name) && !unseen.contains(name)
        }
    }

    /// What is wrong with a script, nil when nothing is.
    static func problem(ofScript text: String, isExecutable: Bool) -> String? {
        let head = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(20)
        if !isExecutable { return "is not executable" }
        if head.first?.hasPrefix("#!") != true { return "does not name its interpreter" }
        let hasUsage = head.contains { line in
            line.drop { $0 == "#" || $0 == " " }.lowercased().hasPrefix("usage: ")
        }
        return hasUsage ? nil : "has no usage line among its first 20"
    }
}
