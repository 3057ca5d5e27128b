/// The positions of patterns, and which may follow which: an automaton without empty steps, of one
/// state for each character of a pattern.
///
/// Source: V. M. Glushkov, "The abstract theory of automata" (1961).
struct PositionAutomaton {
    /// Which characters each position takes.
    private(set) var characters: [CharacterSet] = []
    /// Which positions may come behind each.
    private(set) var follow: [PositionSet] = []
    /// Where a match may begin.
    private(set) var first = PositionSet()
    /// Where one may end.
    private(set) var last = PositionSet()
    /// Those that stand for the beginning and for the end of a text.
    private var textStarts = PositionSet()
    private var textEnds = PositionSet()

    /// The part of the automaton that a part of a pattern makes.
    private struct Fragment {
        var first = PositionSet()
        var last = PositionSet()
        /// Whether it can be passed over.
        var isOptional = true
        /// Whether it matches the empty text, or nothing but where a text begins or ends.
        var matchesNothing = true
    }

    /// Adds a pattern, which is looked for besides the others.
    ///
    /// - Returns: its positions.
    /// - Throws: when it is too large, may match without any character, or looks for the beginning or
    ///   the end of a text within a text.
    mutating func add(
        _ pattern: ContentPattern
    ) throws(ContentPatternProblem) -> Range<Int> {
        let start = characters.count
        let whole = try fragment(of: pattern)
        guard !whole.matchesNothing else {
            throw ContentPatternProblem("matches the empty text, so it would be found everywhere")
        }
        try checkEdges(from: start)
        first.formUnion(whole.first)
        last.formUnion(whole.last)
        return start..<characters.count
    }

    /// Makes sure that nothing is looked for before a text's beginning or behind its end.
    ///
    /// Either takes the place between two texts, so what is on its other side would be part of another
    /// text.
    private func checkEdges(from start: Int) throws(ContentPatternProblem) {
        for position in start..<characters.count {
            let isBeyond = textEnds.contains(position) && !follow[position].isEmpty
            guard !isBeyond, follow[position].isDisjoint(with: textStarts) else {
                throw ContentPatternProblem(
                    "has a ^ that is not at the beginning, or a $ that is not at the end"
                )
            }
        }
    }

    private mutating func fragment(
        of pattern: ContentPattern
    ) throws(ContentPatternProblem) -> Fragment {
        switch pattern {
        case .character(let set): return try fragment(of: set)
        case .textStart:
            let edge = try fragment(of: .edges)
            textStarts.formUnion(edge.first)
            return edge
        case .textEnd:
            let edge = try fragment(of: .edges)
            textEnds.formUnion(edge.first)
            return edge
        case .sequence(let parts):
            var whole = Fragment()
            for part in parts { append(try fragment(of: part), to: &whole) }
            return whole
        case .choice(let choices):
            var whole = Fragment()
            whole.isOptional = false
            whole.matchesNothing = false
            for choice in choices {
                let one = try fragment(of: choice)
                whole.first.formUnion(one.first)
                whole.last.formUnion(one.last)
                whole.isOptional = whole.isOptional || one.isOptional
                whole.matchesNothing = whole.matchesNothing || one.matchesNothing
            }
            return whole
        case .repetition(let part, let least, let most):
            return try fragment(of: part, least: least, most: most)
        }
    }

    private mutating func fragment(
        of set: CharacterSet
    ) throws(ContentPatternProblem) -> Fragment {
        let position = characters.count
        guard position < ContentRules.positionLimit else { throw .tooLarge }
        characters.append(set)
        follow.append(PositionSet())
        return Fragment(
            first: PositionSet(position),
            last: PositionSet(position),
            isOptional: false,
            matchesNothing: set == .edges
        )
    }

    /// Writes a repetition out: as often as it may be, and once more where that has no end.
    ///
    /// Those behind the least number can only be left out from one of them on, so each needs but
    /// one step to the next.
    private mutating func fragment(
        of part: ContentPattern,
        least: Int,
        most: Int?
    ) throws(ContentPatternProblem) -> Fragment {
        let count = most ?? max(least, 1)
        var whole = try fragment(of: part)
        let canEndEarly = whole.isOptional
        let isNothing = whole.matchesNothing || least == 0
        var previous = whole
        for number in 1..<max(count, 1) {
            let copy = try fragment(of: part)
            link(previous.last, to: copy.first)
            if number >= least || canEndEarly {
                whole.last.formUnion(copy.last)
            } else {
                whole.last = copy.last
            }
            previous = copy
        }
        if most == nil { link(previous.last, to: previous.first) }
        whole.isOptional = canEndEarly || least == 0
        whole.matchesNothing = isNothing
        return whole
    }

    private mutating func append(_ part: Fragment, to whole: inout Fragment) {
        link(whole.last, to: part.first)
        if whole.isOptional { whole.first.formUnion(part.first) }
        if part.isOptional { whole.last.formUnion(part.last) } else { whole.last = part.last }
        whole.isOptional = whole.isOptional && part.isOptional
        whole.matchesNothing = whole.matchesNothing && part.matchesNothing
    }

    private mutating func link(_ ends: PositionSet, to starts: PositionSet) {
        ends.visit { follow[$0].formUnion(starts) }
    }
}
