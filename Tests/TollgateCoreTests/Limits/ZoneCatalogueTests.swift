internal import Synchronization
internal import Testing
internal import TollgateCore

@Suite("A catalogue of zones")
struct ZoneCatalogueTests {
    /// A catalogue whose every name is Berlin, and the names that it was asked for.
    private final class Source: Sendable {
        let asked = Mutex<[String]>([])
        let bytes: [UInt8]

        init() throws {
            bytes = try ZoneCases.bytes("Berlin")
        }

        var catalogue: ZoneCatalogue {
            ZoneCatalogue { name in
                self.asked.withLock { $0.append(name) }
                return name == "None" ? nil : name == "Bad" ? [1, 2, 3] : self.bytes
            }
        }
    }

    @Test("reads a zone once, and UTC never")
    func reading() throws {
        let source = try Source()
        let catalogue = source.catalogue
        for _ in 0..<3 {
            #expect(catalogue.zone(named: "Europe/Berlin") == (try ZoneCases.zone("Berlin")))
            #expect(catalogue.zone(named: "UTC") == .utc)
        }
        #expect(source.asked.withLock(\.self) == ["Europe/Berlin"])
    }

    @Test("looks again for what was not there, or not whole")
    func missing() throws {
        let source = try Source()
        let catalogue = source.catalogue
        for name in ["None", "Bad", "None", "Bad"] { #expect(catalogue.zone(named: name) == nil) }
        #expect(source.asked.withLock(\.self) == ["None", "Bad", "None", "Bad"])
    }

    @Test("knows UTC alone without a source")
    func utcOnly() {
        #expect(ZoneCatalogue.utcOnly.zone(named: "UTC") == .utc)
        #expect(ZoneCatalogue.utcOnly.zone(named: "Europe/Berlin") == nil)
    }

    @Test(
        "never passes on what is no name",
        arguments: [
            "", "/", "/etc/passwd", "..", "../UTC", "Europe/../UTC", ".", "Europe/",
            "Europe//Berlin",
            "Europe/Berlin ", "Europe\\Berlin", "Europe/Berlin\0", "Zürich", "a.b", "~",
            String(repeating: "a", count: 65),
        ]
    )
    func badNames(_ name: String) throws {
        let source = try Source()
        #expect(source.catalogue.zone(named: name) == nil)
        #expect(source.asked.withLock(\.self) == [])
    }

    @Test(
        "takes the names that there are",
        arguments: [
            "Etc/GMT+12", "America/Port-au-Prince", "America/Argentina/Buenos_Aires", "EST5EDT",
            "a",
            String(repeating: "a", count: 64),
        ]
    )
    func goodNames(_ name: String) throws {
        #expect(try Source().catalogue.zone(named: name) != nil)
    }

    @Test("keeps no more zones than its limit, and still gives the others")
    func limit() throws {
        let source = try Source()
        let catalogue = source.catalogue
        let names = (0..<ZoneCatalogue.zoneLimit + 2).map { "Zone/\($0)" }
        for name in names { #expect(catalogue.zone(named: name) != nil) }
        for name in names { #expect(catalogue.zone(named: name) != nil) }
        #expect(source.asked.withLock(\.self) == names + names.suffix(2))
    }
}
