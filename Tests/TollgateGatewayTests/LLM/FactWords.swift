import TollgateCore

@testable import TollgateGateway

extension LLMRequestFacts {
    /// The facts in the words of the tables, in their order.
    ///
    /// - Parameter body: what they were read from.
    /// - Returns: one word for each thing that is not as usual.
    func words(for body: [UInt8]) -> String {
        var words: [String] = []
        if model != nil {
            var buffer = TextBuffer(capacity: 256)
            let isCopied = LLMRequestReader.copyModel(self, of: body.span, into: &buffer)
            words.append(isCopied ? "model=\(text(of: buffer.bytes))" : "model")
        }
        if stream { words.append("stream") }
        if let maximumOutput { words.append("max=\(maximumOutput)") }
        if choices != 1 { words.append("n=\(choices)") }
        if !isComplete && problem == .none { words.append("cut") }
        if problem != .none { words.append("\(problem)") }
        if modelIsRepeated { words.append("again") }
        if modelHasRival { words.append("rival") }
        if hasOddNumber { words.append("odd") }
        if textBytes != 0 { words.append("text=\(textBytes)") }
        return words.sorted().joined(separator: " ")
    }

    /// The bytes as text, spaces and control characters as in a URL.
    private func text(of bytes: Span<UInt8>) -> String {
        var plain: [UInt8] = []
        for index in bytes.indices {
            let byte = bytes[index]
            if byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "%") {
                plain.append(byte)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                plain += Array("%\(byte < 16 ? "0" : "")\(digits)".utf8)
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
