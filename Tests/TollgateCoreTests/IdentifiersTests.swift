internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("Names of keys and reservations")
struct IdentifiersTests {
    @Test("are the same again when they were written")
    func roundTrips() {
        var random = SeededGenerator(seed: 2)
        let edges: [UInt128] = [1, 31, 32, .max, .max - 1, 1 << 127, 1 << 64]
        for value in edges + (0..<1000).map({ _ in random.uint128() }) {
            let key = KeyID(rawValue: value)
            #expect(KeyID("\(key)") == key)
            let reservation = ReservationID(rawValue: value)
            #expect(ReservationID("\(reservation)") == reservation)
        }
    }

    @Test("are written in Crockford's base 32")
    func form() {
        #expect("\(KeyID(rawValue: 0))" == "key_00000000000000000000000000")
        #expect("\(KeyID(rawValue: .max))" == "key_7zzzzzzzzzzzzzzzzzzzzzzzzz")
        #expect("\(KeyID(rawValue: 32))" == "key_00000000000000000000000010")
        #expect("\(ReservationID(rawValue: 31))" == "rs_0000000000000000000000000z")
        #expect("\(ReservationID.none)" == "")
    }

    @Test(
        "are taken only as they are written",
        arguments: [
            "", "key_", "key", "00000000000000000000000000", "KEY_00000000000000000000000000",
            "key_0000000000000000000000000", "key_000000000000000000000000000",
            "key_80000000000000000000000000", "key_0000000000000000000000000i",
            "key_0000000000000000000000000A", "key_0000000000000000000000000 ",
            "rs_00000000000000000000000000", "key_000000000000000000000000é",
            "key_0000000000000000000000000\u{301}", "xkey_0000000000000000000000000",
        ]
    )
    func refusals(_ text: String) {
        #expect(KeyID(text) == nil)
    }

    @Test("of reservations are never that of none")
    func noReservation() {
        #expect(ReservationID("rs_00000000000000000000000000") == nil)
        #expect(ReservationID("") == nil)
        #expect(ReservationID("key_00000000000000000000000001") == nil)
    }

    @Test("of keys sort by age, and their texts do too")
    func order() {
        var random = SeededGenerator(seed: 4)
        var ids: [KeyID] = []
        for millisecond in 0..<200 {
            let time = WallTime(milliseconds: 1_700_000_000_000 + Int64(millisecond))
            ids.append(KeyID(time: time, entropy: random.uint128()))
        }
        #expect(ids == ids.sorted())
        #expect(ids.map(\.description) == ids.map(\.description).sorted())
    }

    @Test("of keys are made at any time, also before 1970 and past 48 bits")
    func anyTime() {
        for milliseconds in [Int64.min, -1, 0, 1 << 48, .max] {
            let id = KeyID(time: WallTime(milliseconds: milliseconds), entropy: .max)
            let entropy: UInt128 = (1 << 80) - 1
            #expect(id.rawValue & entropy == entropy)
            #expect(KeyID("\(id)") == id)
        }
        let first = KeyID(time: WallTime(milliseconds: -1), entropy: 0)
        #expect(first.rawValue == 0)
    }

    @Test("have one character for each place")
    func characters() {
        let value: UInt128 = 0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        let characters = (0..<Base32.width).map { place in
            alphabet[Int(value >> UInt128(5 * (Base32.width - 1 - place)) & 31)]
        }
        #expect(String(decoding: characters, as: UTF8.self) == Base32.text(of: value))
        let text = "p_" + Base32.text(of: value)
        let read = Base32.value(of: text.utf8.span, after: "p_")
        #expect(read == value)
    }
}
