/// Reads a content rule's pattern.
///
/// What is not part of the syntax is refused and never taken for something else, so that a pattern
/// that was made for another engine does not quietly find less here.
struct ContentPatternParser {
    /// How deep groups may be nested.
    private static let depthLimit = 32

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    private init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    /// Reads a pattern.
    ///
    /// - Throws: the first thing that is wrong.
    static func pattern(_ text: String) throws(ContentPatternProblem) -> ContentPattern {
        var parser = ContentPatternParser(text)
        let pattern = try parser.choice()
        guard parser.index == parser.scalars.count else {
            throw ContentPatternProblem("has a ) that closes nothing")
        }
        return pattern
    }

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        index += 1
        return true
    }

    private mutating func choice() throws(ContentPatternProblem) -> ContentPattern {
        var choices = [try sequence()]
        while takes("|") { choices.append(try sequence()) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence() throws(ContentPatternProblem) -> ContentPattern {
        var parts: [ContentPattern] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            parts.append(try repetition(of: try atom()))
        }
        guard !parts.isEmpty else {
            throw ContentPatternProblem("is empty, or has a group or an alternative that is")
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom() throws(ContentPatternProblem) -> ContentPattern {
        let scalar = scalars[index]
        index += 1
        switch scalar {
        case "^": return .textStart
        case "$": return .textEnd
        case ".": return .character(.all)
        case "(": return try group()
        case "[": return .character(try characterClass())
        case "\\": return .character(try escape().inAnyCase)
        case "*", "+", "?", "{":
            throw ContentPatternProblem("repeats what cannot be repeated")
        case "]", "}":
            throw ContentPatternProblem("has a ] or } that closes nothing; write \\] or \\}")
        default:
            return .character(CharacterSet([scalar.value...scalar.value]).inAnyCase)
        }
    }

    private mutating func group() throws(ContentPatternProblem) -> ContentPattern {
        guard depth < ContentPatternParser.depthLimit else {
            throw ContentPatternProblem("has groups that are nested too deeply")
        }
        depth += 1
        if takes("?"), !takes(":") {
            throw ContentPatternProblem(
                "has a group that begins with (? and is not (?: (look-around, names and flags are"
                    + " not supported)"
            )
        }
        let inner = try choice()
        guard takes(")") else { throw ContentPatternProblem("has a group that is not closed") }
        depth -= 1
        return inner
    }

    // MARK: Repetitions

    private mutating func repetition(
        of atom: ContentPattern
    ) throws(ContentPatternProblem) -> ContentPattern {
        guard let mark = next else { return atom }
        var least = 0
        var most: Int?
        switch mark {
        case "*": index += 1
        case "+":
            index += 1
            least = 1
        case "?":
            index += 1
            most = 1
        case "{": (least, most) = try bounds()
        default: return atom
        }
        return .repetition(atom, least: least, most: most)
    }

    /// Takes `{n}`, `{n,}` or `{n,m}`.
    private mutating func bounds() throws(ContentPatternProblem) -> (Int, Int?) {
        index += 1
        let least = try number()
        var most: Int? = least
        if takes(",") { most = next == "}" ? nil : try number() }
        guard takes("}"), most ?? 1 > 0, most ?? least >= least else {
            throw ContentPatternProblem("has a repetition that is not {n}, {n,} or {n,m}")
        }
        return (least, most)
    }

    private mutating func number() throws(ContentPatternProblem) -> Int {
        let start = index
        var value = 0
        while let digit = next, CharacterSet.digits.contains(digit.value) {
            value = value * 10 + Int(digit.value - 0x30)
            guard value <= ContentRules.positionLimit else { throw .tooLarge }
            index += 1
        }
        guard index > start else {
            throw ContentPatternProblem("has a repetition that is not {n}, {n,} or {n,m}")
        }
        return value
    }

    // MARK: Classes

    /// Takes what stands behind a backslash.
    private mutating func escape() throws(ContentPatternProblem) -> CharacterSet {
        guard let scalar = next else {
            throw ContentPatternProblem("ends in a backslash")
        }
        index += 1
        switch scalar {
        case "d": return .digits
        case "D": return CharacterSet.digits.inverted
        case "w": return .words
        case "W": return CharacterSet.words.inverted
        case "s": return .spaces
        case "S": return CharacterSet.spaces.inverted
        case "t": return CharacterSet([0x09...0x09])
        case "n": return CharacterSet([0x0A...0x0A])
        case "r": return CharacterSet([0x0D...0x0D])
        default:
            let isPunctuation =
                scalar.isASCII && scalar.value > 0x20 && scalar.value < 0x7F
                && !CharacterSet.words.contains(scalar.value) || scalar == "_"
            guard isPunctuation || scalar == " " else {
                throw ContentPatternProblem(
                    "has an escape that is none of \\d \\D \\w \\W \\s \\S \\t \\n \\r, nor of"
                        + " punctuation"
                )
            }
            return CharacterSet([scalar.value...scalar.value])
        }
    }

    /// Takes a class behind its bracket.
    private mutating func characterClass() throws(ContentPatternProblem) -> CharacterSet {
        let isInverted = takes("^")
        var set = CharacterSet()
        var isFirst = true
        while isFirst || next != "]" {
            isFirst = false
            set.formUnion(try classMember())
        }
        index += 1
        let all = set.inAnyCase
        let result = isInverted ? all.inverted : all
        guard !result.ranges.isEmpty else {
            throw ContentPatternProblem("has a class that no character is in")
        }
        return result
    }

    private mutating func classMember() throws(ContentPatternProblem) -> CharacterSet {
        let first = try classCharacter()
        guard next == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
            return first
        }
        index += 1
        let last = try classCharacter()
        guard
            let start = first.onlyCharacter, let end = last.onlyCharacter, start <= end
        else { throw ContentPatternProblem("has a class with a range that is none") }
        return CharacterSet([start...end])
    }

    private mutating func classCharacter() throws(ContentPatternProblem) -> CharacterSet {
        guard let scalar = next else {
            throw ContentPatternProblem("has a class that is not closed")
        }
        index += 1
        switch scalar {
        case "\\": return try escape()
        case "[", "]":
            throw ContentPatternProblem("has a class with a bracket in it; write \\[ or \\]")
        default: return CharacterSet([scalar.value...scalar.value])
        }
    }
}

extension CharacterSet {
    /// The character of a set that has but one.
    fileprivate var onlyCharacter: UInt32? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}

extension ContentPatternProblem {
    /// More than there is room for, once repetitions are written out.
    static let tooLarge = ContentPatternProblem(
        "is too large: all patterns together may have \(ContentRules.positionLimit) characters, once"
            + " repetitions are written out"
    )
}
