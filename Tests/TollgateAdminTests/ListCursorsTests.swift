import Testing
import TollgateCore

@testable import TollgateAdmin

@Suite("Cursors of lists")
struct ListCursorsTests {
    /// Places with the least and the most that may be in a cursor.
    private static let places = [
        ListPlace(nil, "key_00000000000000000000000000"),
        ListPlace(nil, ""),
        ListPlace(.number(.min), "a"),
        ListPlace(.number(.max), "a/b?c=d&e +%2F#"),
        ListPlace(.text(""), "."),
        ListPlace(.text("M\u{FC}. 1%\u{0}\n"), "\u{1F600}"),
        ListPlace(
            .text(String(repeating: "\u{1F600}", count: 50)),
            String(repeating: "x", count: 256)
        ),
    ]

    private let cursors = ListCursors(of: "/v1/keys", in: "-name")

    @Test("are read back by their list, and are fit for an address", arguments: places)
    func ownCursors(place: ListPlace) {
        let cursor = cursors.text(behind: place)
        #expect(cursors.place(in: cursor) == place)
        #expect(cursor.utf8.allSatisfy { "-.0123456789abcdefnt".utf8.contains($0) })
    }

    @Test("are none of another list, or of the same in another order", arguments: places)
    func foreignCursors(place: ListPlace) {
        let cursor = cursors.text(behind: place)
        for (path, order) in [
            ("/v1/keys", "name"), ("/v1/keys", ""), ("/v1/key", "s-name"), ("/v1/teams", "-name"),
            ("/v1/manage/keys", "-name"), ("", ""),
        ] {
            #expect(ListCursors(of: path, in: order).place(in: cursor) == nil, "\(path) \(order)")
        }
    }

    @Test("are none any more once a byte is changed, left out or put in", arguments: places)
    func changedCursors(place: ListPlace) {
        let whole = Array(cursors.text(behind: place).utf8)
        var changed: [[UInt8]] = []
        for index in whole.indices {
            changed.append(Array(whole[..<index]))
            changed.append(Array(whole[..<index] + whole[(index + 1)...]))
            for byte in "0f.nt-Z\u{0}".utf8 {
                changed.append(whole[..<index] + [byte] + whole[index...])
                guard byte != whole[index] else { continue }
                changed.append(whole[..<index] + [byte] + whole[(index + 1)...])
            }
        }
        for bytes in changed {
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(cursors.place(in: text) == nil, "\(text)")
        }
        #expect(cursors.place(in: String(decoding: whole, as: UTF8.self).uppercased()) == nil)
    }

    @Test("are none without a seal of ours, whatever the text and however long")
    func otherTexts() {
        let texts = [
            "", ".", "..", "...", "-", "key_00000000000000000000000000", "n..", "n1.61.", "t.61.0",
            "n99999999999999999999.61.0", "t6.61.0", "tff.61.0", ".6.0", ".zz.0", "x1.61.0",
            "\u{0}", "%00", "\u{1F600}", "n-.61.0",
            String(repeating: ".", count: 5000), String(repeating: "0", count: 1_000_000),
            ".\(String(repeating: "61", count: 3000)).0123456789abcdef",
        ]
        for text in texts { #expect(cursors.place(in: text) == nil, "\(text.prefix(40))") }
    }

    @Test("longer than any that is given out are not looked at")
    func overlongCursors() {
        let place = ListPlace(nil, String(repeating: "x", count: 3000))
        #expect(cursors.place(in: cursors.text(behind: place)) == nil)
    }
}
