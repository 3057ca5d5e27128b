internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("The table of places")
struct PlaceTableTests {
    @Test("finds what a dictionary finds", arguments: [1, 2, 3] as [UInt64])
    func equalsDictionary(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = PlaceTable()
        var expected: [UInt128: Int] = [:]
        var ids: [UInt128] = []
        for _ in 0..<20_000 {
            // Few ids, alike in one half or the other, so that they come again and lie close.
            let number = UInt128(random.number(in: 1...800))
            let id = random.isOnce(in: 2) ? number : number << 64
            let found = table.place(of: id) { ids[$0] == id }
            #expect(found == expected[id])
            if let found, random.isOnce(in: 2) {
                table.remove(id, at: found)
                expected[id] = nil
            } else if found == nil {
                table.insert(id, at: ids.count)
                expected[id] = ids.count
                ids.append(id)
            }
            #expect(table.count == expected.count)
        }
        for (id, place) in expected {
            #expect(table.place(of: id) { ids[$0] == id } == place)
        }
        table.removeAll()
        #expect(table.count == 0)
        for id in expected.keys { #expect(table.place(of: id) { ids[$0] == id } == nil) }
    }

    @Test("has nothing when it is empty, and removes nothing that is not there")
    func empty() {
        var table = PlaceTable()
        table.remove(1, at: 0)
        table.removeAll()
        #expect(table.place(of: 1) { _ in true } == nil)
        table.insert(1, at: 7)
        table.remove(1, at: 6)
        table.remove(2, at: 7)
        #expect(table.count == 1)
        #expect(table.place(of: 1) { $0 == 7 } == 7)
    }
}
