/// What is wrong with a policy, a rule or a pricing restriction, and where.
package struct PolicyProblem: Error, Equatable, Sendable {
    /// The field, as callers write it: `policy.statements[2].condition.time_between.timezone`.
    package let path: String
    /// Reads on from the path, and repeats no value: `must be the name of a time zone`.
    package let message: String

    init(_ path: String, _ message: String) {
        self.path = path
        self.message = message
    }

    /// The same problem, seen from a member around it.
    func inside(_ outer: String) -> PolicyProblem {
        let joint = path.isEmpty || path.hasPrefix("[") ? "" : "."
        return PolicyProblem(outer + joint + path, message)
    }

    /// Reads a part of a document, and says of its problems where that part is.
    ///
    /// - Parameters:
    ///   - path: where the part is; made only when there is a problem.
    ///   - read: compiles the part.
    /// - Returns: what `read` returns.
    /// - Throws: what `read` throws, from outside.
    static func at<Value>(
        _ path: @autoclosure () -> String,
        _ read: () throws(PolicyProblem) -> Value
    ) throws(PolicyProblem) -> Value {
        do {
            return try read()
        } catch {
            throw error.inside(path())
        }
    }
}

/// How much a policy may say.
package enum PolicyBounds {
    /// The most statements, and the most rules.
    package static let statements = 64
    /// The most entries of each list.
    package static let entries = 256
    /// The most entries of all lists of a document, and of all IAM rules: each may have to be
    /// compared with a request's names.
    package static let allEntries = 4096

    /// Checks that a list is neither empty, which nobody means, nor too long.
    static func check(_ list: [String]) throws(PolicyProblem) {
        guard (1...entries).contains(list.count) else {
            throw PolicyProblem("", "must have 1 to \(entries) entries")
        }
    }

    /// Checks that lists that are each within bounds are so together.
    static func checkAll(_ count: Int) throws(PolicyProblem) {
        guard count <= allEntries else {
            throw PolicyProblem("", "must have at most \(allEntries) entries in all lists")
        }
    }

    /// Compiles a list of patterns.
    static func patterns(_ texts: [String]) throws(PolicyProblem) -> [Pattern] {
        try check(texts)
        var patterns: [Pattern] = []
        patterns.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            guard let pattern = Pattern(text) else {
                let message = "must be 1 to \(Pattern.lengthLimit) bytes of text"
                throw PolicyProblem("[\(index)]", message)
            }
            patterns.append(pattern)
        }
        return patterns
    }

    /// Compiles a list of addresses and networks.
    static func networks(_ texts: [String]) throws(PolicyProblem) -> [IPNetwork] {
        try check(texts)
        var networks: [IPNetwork] = []
        networks.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            guard let network = IPNetwork(text) else {
                let message = "must be an IPv4 or IPv6 address, or a network in CIDR form"
                throw PolicyProblem("[\(index)]", message)
            }
            networks.append(network)
        }
        return networks
    }
}
