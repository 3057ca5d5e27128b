internal import Synchronization

/// The time zones by their names: read once each, from wherever `load` finds them.
///
/// Safe to use from any thread. A zone that was found stays as it was read, so that all rules that
/// name it mean the same one; what was not found is looked for again.
package final class ZoneCatalogue: Sendable {
    /// The most zones that are kept; the whole database of time zones has some six hundred names.
    package static let zoneLimit = 1024

    /// The catalogue that knows only UTC.
    package static let utcOnly = ZoneCatalogue { _ in nil }

    private let load: @Sendable (String) -> [UInt8]?
    private let zones = Mutex<[String: ZoneRules]>([:])

    /// Makes an empty catalogue.
    ///
    /// - Parameter load: gives the TZif file of a name, nil when there is none. It only ever sees
    ///   names that `isName` takes, so a name can be a path behind a directory.
    package init(load: @escaping @Sendable (String) -> [UInt8]?) {
        self.load = load
    }

    /// The zone of a name: `America/New_York`, or `UTC`, for which nothing is read.
    ///
    /// - Returns: nil when the name is none, nothing has it, or its file is damaged.
    package func zone(named name: String) -> ZoneRules? {
        if name == "UTC" { return .utc }
        guard ZoneCatalogue.isName(name) else { return nil }
        if let zone = zones.withLock({ $0[name] }) { return zone }
        // Not under the lock: whoever asks for a zone that is there should not wait for a disk.
        guard let bytes = load(name), let read = try? ZoneRules(tzif: bytes) else { return nil }
        return zones.withLock { zones in
            if let zone = zones[name] { return zone }
            if zones.count < ZoneCatalogue.zoneLimit { zones[name] = read }
            return read
        }
    }

    /// Whether a text could be the name of a zone: 1 to 64 of `A-Z a-z 0-9 _ + - /`, no empty part.
    package static func isName(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count) else { return false }
        var last = UInt8(ascii: "/")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"),
                UInt8(ascii: "-"):
                break
            case UInt8(ascii: "/") where last != UInt8(ascii: "/"): break
            default: return false
            }
            last = byte
        }
        return last != UInt8(ascii: "/")
    }
}
