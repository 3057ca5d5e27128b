internal import Testing
internal import TollgateAdmin

@Suite("JSON")
struct JSONTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONParser.value(of: Array(text.utf8))
    }

    @Test(
        "What is written compactly reads and writes as the same text",
        arguments: [
            "null", "true", "false", "0", "-1", "9223372036854775807", "9223372036854775808",
            "1.50", "-0", "1e400", #""""#, #""a\"\\\n\u0001é😀""#, "[]", "{}",
            #"{"b":1,"a":[{},[null]],"":"x"}"#,
        ]
    )
    func roundTrip(text: String) throws {
        // The one number of which there are two spellings.
        #expect(try parse(text).text() == (text == "-0" ? "0" : text))
    }

    @Test("Escapes are read as RFC 8259 says, pairs of surrogates included")
    func escapes() throws {
        #expect(
            try parse(#""\u00e9\ud83d\ude00\/\b\f\n\r\t""#)
                == .string("é😀/\u{08}\u{0C}\n\r\t")
        )
    }

    @Test(
        "What RFC 8259 does not allow is refused",
        arguments: [
            "", " ", "nul", "truee", "+1", "01", "1.", ".5", "1e", "- 1", "0x1", "NaN", "[1,]",
            "[1 2]", "[", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "\"", "\"\\x\"",
            "\"\\u12g4\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\t\"", "1 1", "// x\n1", "'a'",
        ]
    )
    func refused(text: String) {
        #expect(throws: JSONProblem.self) { try parse(text) }
    }

    @Test("Bytes that are not UTF-8 are refused")
    func encoding() {
        for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xC3]] {
            #expect(throws: JSONProblem.self) {
                try JSONParser.value(of: [0x22] + bytes + [0x22])
            }
        }
    }

    @Test("Values may be nested 32 levels deep and no deeper")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(JSONParser.depthLimit + 1))
        #expect(throws: JSONProblem.self) { try parse(nested(JSONParser.depthLimit + 2)) }
        #expect(throws: JSONProblem.self) { try parse(nested(1 << 19)) }
    }

    @Test("A field that is there twice is named by its path")
    func duplicate() throws {
        let error = #expect(throws: JSONProblem.self) {
            try parse(#"{"a":[1,{"b":{"c":1,"c":2}}]}"#)
        }
        #expect(error?.duplicate?.description == "a[1].b.c")
    }

    @Test("Indented text is what people expect")
    func indented() throws {
        let expected = """
            {
              "a": [
                1,
                "x"
              ],
              "b": {},
              "c": []
            }
            """
        #expect(try parse(#"{"a":[1,"x"],"b":{},"c":[]}"#).text(isIndented: true) == expected)
    }
}
