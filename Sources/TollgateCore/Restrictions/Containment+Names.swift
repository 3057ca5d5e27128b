extension Pattern {
    /// Whether every name that another pattern stands for is one that this one stands for.
    ///
    /// Exact: a `*` of the other, read as a letter that no name has to have, can only be met by a `*`
    /// of this one, which then meets whatever the other's stands for.
    package func contains(_ other: Pattern) -> Bool {
        let text = Array(other.text.utf8)
        return matches(text.span)
    }

    /// Whether some name is one that both patterns stand for.
    ///
    /// Exact: two patterns with wildcards have a name in common when neither their beginnings nor
    /// their ends contradict each other; all between goes one behind the other.
    package func overlaps(_ other: Pattern) -> Bool {
        let (mine, others) = (text.utf8.map(Text.lowercase), other.text.utf8.map(Text.lowercase))
        guard let first = Pattern.ends(of: mine), let second = Pattern.ends(of: others) else {
            return contains(other) || other.contains(self)
        }
        let beginning = min(first.head.count, second.head.count)
        let end = min(first.tail.count, second.tail.count)
        return first.head.prefix(beginning) == second.head.prefix(beginning)
            && first.tail.suffix(end) == second.tail.suffix(end)
    }

    /// What is before the first wildcard and behind the last; nil when there is none.
    private static func ends(
        of bytes: [UInt8]
    ) -> (head: ArraySlice<UInt8>, tail: ArraySlice<UInt8>)? {
        let star = UInt8(ascii: "*")
        guard let first = bytes.firstIndex(of: star), let last = bytes.lastIndex(of: star) else {
            return nil
        }
        return (bytes[..<first], bytes[(last + 1)...])
    }
}

extension [Pattern] {
    /// The first of some patterns that none of these contains; nil when there is none.
    func firstNotContained(_ others: [Pattern]) -> Int? {
        let known = Set(self)
        return others.firstIndex { other in
            !known.contains(other) && !contains { $0.contains(other) }
        }
    }
}

extension NameLists {
    /// Makes sure that no name passes these lists that others would stop.
    ///
    /// - Parameters:
    ///   - bound: the others.
    ///   - dimension: what they are about, as the fields end: `models`.
    /// - Throws: the list, or the entry of it, that is at fault.
    func requireNoWider(than bound: NameLists, _ dimension: String) throws(Widening) {
        let (own, others) = (patterns, bound.patterns)
        if !others.allowed.isEmpty {
            guard !own.allowed.isEmpty else {
                let problem = "is needed: your own key may not use all \(dimension)"
                throw Widening("allowed_\(dimension)", problem)
            }
            if let index = others.allowed.firstNotContained(own.allowed) {
                throw Widening("allowed_\(dimension)[\(index)]", "is not within what is your own")
            }
        }
        for denied in others.denied {
            if own.denied.contains(where: { $0 == denied || $0.contains(denied) }) { continue }
            // What cannot be reached need not be denied.
            if !own.allowed.isEmpty, !own.allowed.contains(where: { $0.overlaps(denied) }) {
                continue
            }
            throw Widening("denied_\(dimension)", "lacks a pattern that your own key denies")
        }
    }

    /// Both lists compiled; what is no pattern stands for no name, and was refused before.
    private var patterns: (allowed: [Pattern], denied: [Pattern]) {
        (allowed.compactMap { Pattern($0) }, denied.compactMap { Pattern($0) })
    }
}

extension IPNetwork {
    /// Whether every address of another block is one of this.
    package func contains(_ other: IPNetwork) -> Bool {
        prefixLength <= other.prefixLength && contains(other.address)
    }
}

extension IPAllowlist {
    /// Makes sure that no address passes this list that another would stop.
    func requireNoWider(than bound: IPAllowlist) throws(Widening) {
        guard bound.isEnabled else { return }
        guard isEnabled else {
            let problem = "is needed: your own key works from some addresses only"
            throw Widening("ip_allowlist", problem)
        }
        let networks = bound.addresses.compactMap { IPNetwork($0) }
        for (index, text) in addresses.enumerated() {
            guard let network = IPNetwork(text) else { continue }
            guard networks.contains(where: { $0.contains(network) }) else {
                throw Widening("ip_allowlist.addresses[\(index)]", "is not within your own list")
            }
        }
    }
}
