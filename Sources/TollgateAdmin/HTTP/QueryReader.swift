internal import TollgateCore
internal import TollgateEngine

/// Reads the parameters of a query one by one, and refuses what is left over.
///
/// A mistyped filter that is ignored shows other keys than were asked for, so every name must be
/// known and be there once.
struct QueryReader {
    /// The most parameters that are looked at.
    private static let countLimit = 64

    private var parameters: [(name: String, value: String)] = []

    /// Reads a query as forms write it: `a=1&b=two+words`.
    init(_ query: String) throws(APIError) {
        for part in query.utf8.split(separator: UInt8(ascii: "&")) {
            guard parameters.count < QueryReader.countLimit else {
                throw .invalidParameter("The query", "has too many parameters")
            }
            let pieces = part.split(
                separator: UInt8(ascii: "="),
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard
                let first = pieces.first,
                let name = PercentEncoding.decode(first, plusIsSpace: true),
                let value = pieces.count > 1
                    ? PercentEncoding.decode(pieces[1], plusIsSpace: true) : ""
            else { throw .invalidParameter("The query", "is not percent-encoded UTF-8") }
            guard !parameters.contains(where: { $0.name == name }) else {
                throw .invalidParameter(name, "is there twice")
            }
            parameters.append((name, value))
        }
    }

    /// Ends the reading.
    ///
    /// - Throws: `unknown_parameter` with the first that nobody asked for.
    func finish() throws(APIError) {
        if let parameter = parameters.first { throw .unknownParameter(parameter.name) }
    }

    /// The value of a parameter; nil when it is not there or empty.
    mutating func text(_ name: String) -> String? {
        guard let place = parameters.firstIndex(where: { $0.name == name }) else { return nil }
        let value = parameters.remove(at: place).value
        return value.isEmpty ? nil : value
    }

    /// A value that must be readable as something.
    mutating func value<Value>(
        _ name: String,
        _ problem: String,
        _ read: (String) -> Value?
    ) throws(APIError) -> Value? {
        guard let text = text(name) else { return nil }
        guard let value = read(text) else { throw .invalidParameter(name, problem) }
        return value
    }

    /// A time as RFC 3339 writes it; a `+` that became a space in the query is one again.
    mutating func time(_ name: String) throws(APIError) -> WallTime? {
        try value(name, "must be a time like 2030-01-31T12:00:00Z") { text in
            Timestamp.time(text)
                ?? Timestamp.time(
                    String(text.dropLast(6))
                        + text.suffix(6).replacing(" ", with: "+", maxReplacements: 1)
                )
        }
    }

    mutating func keyID(_ name: String) throws(APIError) -> KeyID? {
        try value(name, "must be the id of a key") { KeyID($0) }
    }

    /// How many entries a page has: 1 to 1000, by default 100.
    mutating func limit() throws(APIError) -> Int {
        try value("limit", "must be a whole number from 1 to 1000") { text in
            Int(text).flatMap { (1...1000).contains($0) ? $0 : nil }
        } ?? 100
    }
}
