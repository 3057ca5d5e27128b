/// Envoy's `CheckResponse`, taken apart as Envoy does it.
///
/// `{ status = 1, denied_response = 2, ok_response = 3, dynamic_metadata = 4 }`.
struct EnvoyResponse {
    /// The code of the status; Envoy allows at 0, which is also what an empty message means.
    let code: UInt64
    /// The answer in the words of the tables, without `code`.
    let lines: [String]

    var isAllow: Bool { code == 0 }

    /// Reads an answer.
    init(_ bytes: [UInt8]) throws {
        let response = try DecodedMessage(bytes)
        code = try response.message(1)?.number(1) ?? 0
        var lines = ["code \(code)"]
        if let denied = try response.message(2) {
            lines.append("status \(try denied.message(1)?.number(1) ?? 0)")
            lines += try EnvoyResponse.headers(denied.messages(2), "header")
            lines += denied.texts(3).map { "body \($0)" }
        }
        if let allowed = try response.message(3) {
            lines += try EnvoyResponse.headers(allowed.messages(2), "header")
            lines += allowed.texts(5).map { "remove \($0)" }
            lines += try EnvoyResponse.headers(allowed.messages(6), "response-header")
        }
        for entry in try response.message(4)?.messages(1) ?? [] {
            let value = try entry.message(2)
            let number = value?.double(2).map { "\(Int64($0))" }
            lines.append("metadata \(entry.text(1)): \(number ?? value?.text(3) ?? "")")
        }
        self.lines = lines
    }

    /// `HeaderValueOption { header = 1 }` with `HeaderValue { key = 1, value = 2 }`.
    private static func headers(_ options: [DecodedMessage], _ word: String) throws -> [String] {
        try options.map { option in
            let header = try option.message(1)
            return "\(word) \(header?.text(1) ?? ""): \(header?.text(2) ?? "")"
        }
    }
}
