/// A function-like declaration and where its body is.
struct FunctionDeclaration: Sendable {
    let name: String
    let line: Int
    /// From the line of its keyword to that of its closing brace.
    let length: Int
}

extension SourceFile {
    /// The tokens of a declaration up to its body, its value or the end of its line.
    ///
    /// - Parameter start: the place of a token within `code` with which the declaration begins.
    /// - Returns: the places of its tokens; the one behind them is its `{` when it has a body.
    func signature(from start: Int) -> Range<Int> {
        var depth = 0
        var index = start
        while index < code.count {
            let token = code[index]
            if depth == 0 {
                if token.isSymbol("{") || token.isSymbol("=") || token.isSymbol("}") { break }
                if index > start, token.line != code[index - 1].line, !goesOn(over: index) { break }
            }
            if token.isSymbol("(") || token.isSymbol("[") { depth += 1 }
            if token.isSymbol(")") || token.isSymbol("]") { depth -= 1 }
            index += 1
        }
        return start..<index
    }

    /// Whether a declaration continues with a token that begins a line.
    private func goesOn(over index: Int) -> Bool {
        let opening = ["throws", "rethrows", "async", "where"]
        let token = code[index]
        let last = code[index - 1]
        return token.isSymbol("->") || token.kind == .word && opening.contains(token.text)
            || [",", ":", "->", "&"].contains { last.isSymbol($0) }
            || token.isSymbol(",") || token.isSymbol(":") || last.isWord("where")
    }

    /// The place of the brace that closes the one at `open`.
    func closing(of open: Int) -> Int {
        var depth = 0
        for index in open..<code.count {
            if code[index].isSymbol("{") { depth += 1 }
            if code[index].isSymbol("}") { depth -= 1 }
            if depth == 0 { return index }
        }
        return code.count - 1
    }

    /// Every function, initializer and subscript that has a body.
    var functions: [FunctionDeclaration] {
        code.indices.compactMap { index in
            let keyword = code[index]
            guard
                keyword.kind == .word,
                ["func", "init", "deinit", "subscript"].contains(keyword.text),
                index == 0 || !code[index - 1].isSymbol(".")
            else { return nil }
            let end = signature(from: index).upperBound
            guard end < code.count, code[end].isSymbol("{") else { return nil }
            let last = code[closing(of: end)].line
            return FunctionDeclaration(
                name: keyword.text == "func" ? code[index + 1].text : keyword.text,
                line: keyword.line,
                length: last - keyword.line + 1
            )
        }
    }
}
