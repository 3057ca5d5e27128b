internal import ArgumentParser
internal import Foundation
internal import TollgateAdmin

/// `tollgate keys import`.
struct KeysImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take over keys that exist elsewhere, so that nobody needs a new one.",
        discussion: """
            The file is {"keys":[…]}, a list of keys, or one key in each line. A key has the fields of \
            the API, and its secret as "api_key" or the SHA-256 of it as "sha256". Those that are \
            refused are named with the reason; the others are imported, and the exit code is 1.
            """
    )

    /// How many keys are sent at once: far less than the API takes as one body.
    private static let batch = 200

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The file, - for standard input.")
    var file: String

    func run() async throws {
        let keys = try ImportFile.keys(file)
        guard !keys.isEmpty else { throw CommandFailure.failed("\(file) holds no keys") }
        var answer = BulkAnswer()
        let batches = Batches(name: "import", size: KeysImport.batch)
        let stop = try await connection.withClient { client in
            await batches.send(keys) { batch in
                let body: JSONValue = ["keys": .array(Array(batch))]
                let part = try await client.call(.post, "/v1/keys/import", body: body)
                answer.add(part, behind: batch.startIndex)
            }
        }
        // Their names are their places: they have no ids yet.
        answer.end(at: stop, of: keys.indices.map { .integer(Int64($0)) })
        try answer.show(connection.output)
    }
}

/// A file of keys to take over.
enum ImportFile {
    /// The keys in a file.
    ///
    /// - Throws: where the file ends to be one of the forms.
    static func keys(_ path: String) throws(CommandFailure) -> [JSONValue] {
        let data: Data?
        do {
            let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
            data = try file?.readToEnd()
        } catch {
            data = nil
        }
        guard let data else { throw .failed("\(path) cannot be read, or is empty") }
        return try keys(in: Array(data), path)
    }

    /// The keys in a text.
    static func keys(in bytes: [UInt8], _ path: String) throws(CommandFailure) -> [JSONValue] {
        do {
            let document = try JSONParser.value(of: bytes)
            if case .array(let keys) = document { return keys }
            if case .array(let keys)? = document["keys"] { return keys }
            if case .object = document { return [document] }
            throw CommandFailure.failed("\(path) holds \(document.kind), not keys")
        } catch let problem as JSONProblem {
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            // One document over several lines is no list of lines.
            guard let first = lines.first, (try? JSONParser.value(of: Array(first))) != nil else {
                throw .failed("\(path):\(problem.line):\(problem.column): \(problem.message)")
            }
            return try keys(inLines: lines, path)
        } catch {
            throw error as? CommandFailure ?? .failed("\(path) cannot be read")
        }
    }

    private static func keys(
        inLines lines: [ArraySlice<UInt8>],
        _ path: String
    ) throws(CommandFailure) -> [JSONValue] {
        var keys: [JSONValue] = []
        for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 <= 0x20 }) {
            do {
                keys.append(try JSONParser.value(of: Array(line)))
            } catch {
                throw .failed("\(path):\(index + 1):\(error.column): \(error.message)")
            }
        }
        return keys
    }
}
