internal import Foundation
internal import TollgateCore

/// The time zones of this machine.
enum ZoneFiles {
    /// The folders in which systems keep the time-zone database; the first that has a zone counts.
    private static let folders = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"]

    /// More than any zone needs.
    private static let sizeLimit = 1 << 20

    /// Reads a zone's file when it is first asked for.
    static let catalogue = ZoneCatalogue { name in
        for folder in folders {
            guard
                let file = FileHandle(forReadingAtPath: "\(folder)/\(name)"),
                let data = try? file.read(upToCount: sizeLimit)
            else { continue }
            return Array(data)
        }
        return nil
    }
}
