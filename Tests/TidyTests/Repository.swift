internal import Foundation

/// The repository that these tests are about: the one that they are in.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    /// All Swift files under `Sources` and `Tests`.
    static func swiftFiles() throws -> [SourceFile] {
        try ["Sources", "Tests"].flatMap { folder in
            try paths(under: folder).filter { $0.hasSuffix(".swift") }.map { path in
                SourceFile(path, try text(path))
            }
        }
    }

    /// The files under a folder, from the root, sorted.
    static func paths(under folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
            .map { "\(folder)/\($0)" }
            .filter { !isFolder($0) && !$0.contains("/.") }
            .sorted()
    }

    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
            .sorted()
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root.appending(path: path).path)
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(
            atPath: root.appending(path: path).path,
            isDirectory: &isFolder
        )
        return exists && isFolder.boolValue
    }
}
