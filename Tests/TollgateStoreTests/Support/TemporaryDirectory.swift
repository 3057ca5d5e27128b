internal import Foundation

/// A directory that is removed with everything in it when its owner lets it go.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("tollgate-store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in it.
    func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Copies a directory of it: what a process would find after the other was killed right now.
    func copy(_ name: String, to other: String) throws {
        // Compaction removes files while they are copied, which no killed process could see.
        for attempt in 1...50 {
            try? FileManager.default.removeItem(atPath: path(other))
            let before = try FileManager.default.subpathsOfDirectory(atPath: path(name))
            do {
                try FileManager.default.copyItem(atPath: path(name), toPath: path(other))
            } catch {
                if attempt == 50 { throw error }
                continue
            }
            if try FileManager.default.subpathsOfDirectory(atPath: path(name)) == before { return }
        }
    }

    /// The files in a directory of it whose names end so, in the order of their names.
    func files(in name: String, ending suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(name))
            .filter { $0.hasSuffix(suffix) }.sorted().map { path("\(name)/\($0)") }
    }
}

/// Turns one bit of a file, at a fraction of its length.
func flipBit(of file: String, at fraction: Double) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    let index = min(bytes.count - 1, Int(Double(bytes.count) * fraction))
    bytes[index] ^= 0x10
    try bytes.write(to: URL(fileURLWithPath: file))
}
