import Foundation
import Testing

/// The files beside the tests.
enum Files {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()

    /// A message of `Cases`, by its name.
    static func message(_ name: String) throws -> [UInt8] {
        let text = try String(
            contentsOf: root.appending(path: "Cases/\(name).hex"),
            encoding: .utf8
        )
        return try #require(bytes(text.filter { !$0.isWhitespace }))
    }

    /// The names of all messages in `Cases` that begin with a prefix.
    static func names(_ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Cases").path())
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".hex") }
            .map { String($0.dropLast(4)) }
            .sorted()
    }

    /// The contents of every file in a folder that is named from the repository's root.
    static func contents(of folder: String) throws -> [[UInt8]] {
        let url = root.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: folder)
        return try FileManager.default.contentsOfDirectory(
            at: url,
            includingPropertiesForKeys: nil
        ).sorted { $0.path() < $1.path() }.map { Array(try Data(contentsOf: $0)) }
    }

    private static func bytes(_ digits: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = digits[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

/// The text in a run of bytes.
func text(_ bytes: Span<UInt8>) -> String {
    String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
}

/// A copy of the bytes.
func array(_ bytes: Span<UInt8>) -> [UInt8] {
    (0..<bytes.count).map { bytes[$0] }
}

/// A generator of random numbers whose sequence its seed decides.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    // SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
