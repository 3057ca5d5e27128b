internal import Foundation

/// A file with a secret, for what must not be on a command line.
enum SecretFile {
    /// The first line of a file, without the spaces around it; `-` is standard input.
    static func firstLine(of path: String) throws(CommandFailure) -> String {
        let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard
            let data = try? file?.readToEnd(),
            let text = String(data: data, encoding: .utf8),
            // A line of a file from Windows ends with two bytes that are one character.
            let line = text.split(whereSeparator: \.isNewline).first
        else { throw .failed("\(path) cannot be read, or is empty") }
        return line.trimmingCharacters(in: .whitespaces)
    }
}
