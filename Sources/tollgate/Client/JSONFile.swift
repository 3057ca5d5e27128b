internal import Foundation
internal import TollgateAdmin

/// Reads a JSON file that is named on the command line.
enum JSONFile {
    /// The value in a file; `-` is standard input.
    ///
    /// - Throws: where the text ends to be JSON, or that it cannot be read.
    static func value(_ path: String) throws(CommandFailure) -> JSONValue {
        let bytes: [UInt8]
        do {
            let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
            guard let data = try file?.readToEnd() else {
                throw CommandFailure.failed("\(path) cannot be read, or is empty")
            }
            bytes = Array(data)
        } catch {
            throw .failed("\(path) cannot be read, or is empty")
        }
        do {
            return try JSONParser.value(of: bytes)
        } catch {
            throw .failed("\(path):\(error.line):\(error.column): \(error.message)")
        }
    }

    /// The members of the object in a file.
    static func members(_ path: String) throws(CommandFailure) -> [JSONValue.Member] {
        let value = try value(path)
        guard case .object(let members) = value else {
            throw .failed("\(path) holds \(value.kind), not an object")
        }
        return members
    }
}
