internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("A table of names")
struct NameTableTests {
    private func place(_ table: NameTable, _ name: String) -> Int? {
        table.place(of: Array(name.utf8).span)
    }

    @Test("finds names whatever their capitals, and no others")
    func names() {
        let table = NameTable([("One", 1), ("two-2", 2), ("Ärger", 3), ("ONE", 4)])
        #expect(place(table, "oNE") == 4)
        #expect(place(table, "TWO-2") == 2)
        #expect(place(table, "Ärger") == 3)
        // Only those of ASCII: others have no one rule.
        for name in ["ärger", "", "on", "one ", "three"] { #expect(place(table, name) == nil) }
        #expect(place(NameTable([]), "one") == nil)
    }

    @Test("finds each of many names, as a dictionary does")
    func many() {
        var random = SeededGenerator(seed: 5)
        let list = (0..<2000).map { (name: random.text(3, of: "abcdef"), place: $0) }
        let table = NameTable(list)
        let expected = Dictionary(list.map { ($0.name, $0.place) }) { _, last in last }
        for _ in 0..<2000 {
            let name = random.text(random.number(in: 2...3), of: "abcdef")
            #expect(place(table, name) == expected[name])
        }
    }
}
