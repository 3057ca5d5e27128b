internal import Foundation
internal import Testing

@testable internal import TollgateCore

/// The zones and tables that `Cases/Limits/make-zones` wrote.
enum ZoneCases {
    private static let directory = URL(filePath: #filePath)
        .deletingLastPathComponent()
        .deletingLastPathComponent()
        .appending(path: "Cases/Limits/Zones")

    /// The bytes of a zone's file.
    static func bytes(_ name: some StringProtocol) throws -> [UInt8] {
        let file = name.replacingOccurrences(of: "/", with: "-") + ".tzif"
        return Array(try Data(contentsOf: directory.appending(path: file)))
    }

    static func zone(_ name: some StringProtocol) throws -> ZoneRules {
        try ZoneRules(tzif: bytes(name))
    }

    /// A file of nothing but a TZ string.
    static func file(footer: String) throws -> [UInt8] {
        let bytes = try bytes("West")
        return bytes.dropLast("\n<-12>12\n".utf8.count) + Array("\n\(footer)\n".utf8)
    }

    /// The columns of a table's lines.
    static func rows(_ table: String, columns: Int) throws -> [[Substring]] {
        let rows = try CaseFiles.lines("Limits/" + table)
            .filter { !$0.isEmpty && $0.first != "#" }
            .map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        try #require(rows.count > 100)
        for row in rows { try #require(row.count == columns, "\(row)") }
        return rows
    }

    /// A time that is written as RFC 3339 says.
    static func time(_ text: some StringProtocol) throws -> WallTime {
        let date = try Date(String(text), strategy: .iso8601)
        return WallTime(milliseconds: Int64(date.timeIntervalSince1970) * 1000)
    }

    /// The system's own zones; none where there is no database.
    static func systemZones() throws -> [(name: String, bytes: [UInt8])] {
        let root = "/usr/share/zoneinfo"
        let skipped = ["right/", "posix/"]
        let names = FileManager.default.subpaths(atPath: root) ?? []
        return try names.sorted().compactMap { name in
            guard !skipped.contains(where: name.hasPrefix) else { return nil }
            let path = root + "/" + name
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
                !isDirectory.boolValue
            else { return nil }
            let bytes = Array(try Data(contentsOf: URL(filePath: path)))
            return bytes.starts(with: Array("TZif".utf8)) ? (name, bytes) : nil
        }
    }
}
