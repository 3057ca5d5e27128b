internal import Foundation
internal import TollgateAdmin

/// Reads what the program is expected to print, and what it prints that of.
enum Golden {
    static func text(_ name: String, file: String = #filePath) throws -> String {
        let url = URL(filePath: file).deletingLastPathComponent().appending(path: "Cases/\(name)")
        return try String(contentsOf: url, encoding: .utf8)
    }

    static func document(_ name: String) throws -> JSONValue {
        try JSONParser.value(of: Array(try text(name).utf8))
    }
}
