internal import Testing

@Suite("Reading Swift")
struct SwiftLexerTests {
    @Test(
        "tells code from comments and strings",
        arguments: [
            ("let a = 1", "let a = 1"), ("a // b\nc", "a c"), ("a /* b /* c */ d */ e", "a e"),
            ("a/**/b", "a b"), ("\"a // b\" c", "S c"), ("\"a \\\" b\" c", "S c"),
            ("\"a\\(b + \"c\\(d)\")e\" f", "S b + S d S S f"), ("#\"a\"b\\(c)\"# d", "S d"),
            ("#\"\\#(a)\"# b", "S a S b"), ("\"\"\"\na \"b\" c\n\"\"\" d", "S d"),
            ("\"\\(f(a, (b)))\" c", "S f ( a , ( b ) ) S c"), ("a->b!=c==d", "a -> b != c == d"),
            ("`default` .x0", "`default` . x0"), ("#if os(Linux)", "# if os ( Linux )"),
            ("\"\\\\\" a", "S a"), ("é = 0x1F", "é = 0x1F"), ("\"open", "S"), ("/* open", ""),
        ]
    )
    func tokens(_ text: String, _ expected: String) {
        let tokens = SwiftLexer.tokens(of: text).filter { $0.kind != .comment }
        let words = tokens.map { $0.kind == .string ? "S" : $0.text }
        #expect(words.joined(separator: " ") == expected)
    }

    @Test("knows the line of everything, behind comments and strings of many lines too")
    func lines() {
        let text = "a\n/* b\n*/ c\n\"\"\"\nd\n\"\"\"\ne // f\ng\n"
        let tokens = SwiftLexer.tokens(of: text).filter { $0.kind == .word }
        #expect(tokens.map { "\($0.text)\($0.line)" } == ["a1", "c3", "e7", "g8"])
    }

    @Test("knows what white space precedes")
    func space() {
        let tokens = SwiftLexer.tokens(of: "a! !b\n!c")
        #expect(tokens.map(\.isAfterSpace) == [true, false, true, false, true, false])
    }

    @Test("finds functions, and how long they are")
    func functions() {
        let file = SourceFile(
            "Sources/A/A.swift",
            """
            struct A {
                init() {}
                func one(
                    a: Int
                ) throws(E)
                    -> Int
                { a }
                subscript(a: Int) -> Int {
                    a
                }
                func required()
                let b = { (c: Int) in
                    c
                }
                deinit {
                    A.init()
                }
            }
            """
        )
        let found = file.functions.map { "\($0.name) \($0.line) \($0.length)" }
        #expect(found == ["init 2 1", "one 3 5", "subscript 8 3", "deinit 15 3"])
    }
}
