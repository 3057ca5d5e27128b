internal import Foundation
internal import Glibc

/// The person, or the script, that runs the program.
enum Terminal {
    /// Writes one line to standard error.
    static func complain(_ message: String) {
        let line = Terminal.printable(message.replacing("\n", with: " "))
        try? FileHandle.standardError.write(contentsOf: Data("tollgate: \(line)\n".utf8))
    }

    /// Whether somebody can answer a question.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 }

    /// Whether somebody sees what is written to standard error.
    static var isErrorInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes to standard error as it is; best effort.
    static func say(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Makes sure that what cannot be taken back is meant.
    ///
    /// - Parameters:
    ///   - deed: what would happen, as a question without its mark.
    ///   - isConfirmed: `--yes` was given.
    /// - Throws: when nobody can be asked (exit code 2), or the answer is not yes (1).
    static func confirm(_ deed: String, isConfirmed: Bool) throws(CommandFailure) {
        if isConfirmed { return }
        guard isInteractive else {
            throw .usage("\(deed)? That needs --yes when nobody can be asked.")
        }
        try? FileHandle.standardError.write(contentsOf: Data("\(deed)? [y/N] ".utf8))
        let answer = readLine()?.lowercased() ?? ""
        guard answer == "y" || answer == "yes" else { throw .failed("nothing was changed") }
    }

    /// Has a person choose one of several words.
    ///
    /// - Parameters:
    ///   - question: what it is about.
    ///   - words: what may be answered.
    ///   - option: what says the same on the command line.
    /// - Returns: the word.
    /// - Throws: when nobody can be asked (exit code 2), or there is no answer (1).
    static func choose(
        _ question: String,
        among words: [String],
        option: String
    ) throws(CommandFailure) -> String {
        let choice = words.joined(separator: "|")
        guard isInteractive else {
            throw .usage("\(option) \(choice) is needed when nobody can be asked")
        }
        try? FileHandle.standardError.write(contentsOf: Data("\(question)\n".utf8))
        for _ in 0..<3 {
            try? FileHandle.standardError.write(contentsOf: Data("[\(choice)] ".utf8))
            guard let answer = readLine()?.lowercased() else { break }
            if words.contains(answer) { return answer }
        }
        throw .failed("nothing was changed")
    }

    /// Writes a result, and a line break behind it, to standard output.
    ///
    /// - Throws: exit code 1 when it did not get there.
    static func print(_ text: String) throws(CommandFailure) {
        do {
            try StandardOutput.write(line: text)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// Writes lines to standard output, all at once.
    ///
    /// - Throws: exit code 1 when they did not get there.
    static func print(_ lines: [String]) throws(CommandFailure) {
        if !lines.isEmpty { try print(lines.joined(separator: "\n")) }
    }

    /// The text without what would steer a terminal: names are written by other people.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: "?"
                    default: scalar
                    }
                }
            )
        )
    }
}
