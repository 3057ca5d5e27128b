internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("Secrets")
struct KeySecretTests {
    @Test(
        "that were issued are known as such",
        arguments: ["live", "test", "x", "a1b2c3d4e5f6g7h8"]
    )
    func issued(_ environment: String) {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            let secret = issue(environment, &random)
            #expect(kind(secret) == .issued)
            #expect(secret.count == "tg_\(environment)_".utf8.count + KeySecret.bodyLength)
            #expect(String(decoding: secret, as: UTF8.self).hasPrefix("tg_\(environment)_"))
        }
    }

    @Test("with any one character changed are never taken for issued ones")
    func substitutions() {
        var random = SeededGenerator(seed: 2)
        let secret = issue("live", &random)
        let body = secret.count - KeySecret.bodyLength
        let checksum = secret.count - 6
        for place in secret.indices {
            for byte in UInt8.min...UInt8.max where byte != secret[place] {
                var changed = secret
                changed[place] = byte
                let found = kind(changed)
                let isDigit = Base62.digit(of: byte) != nil
                if place >= checksum {
                    #expect(found == (isDigit ? .mistyped : .foreign))
                } else if place >= body {
                    #expect(found == .mistyped)
                } else {
                    #expect(found != .issued)
                }
            }
        }
    }

    @Test("with two neighbours swapped are mistyped")
    func transpositions() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<50 {
            let secret = issue("live", &random)
            for place in secret.count - KeySecret.bodyLength..<secret.count - 1
            where secret[place] != secret[place + 1] {
                var changed = secret
                changed.swapAt(place, place + 1)
                #expect(kind(changed) == .mistyped)
            }
        }
    }

    @Test("that are cut off or prolonged are not issued ones")
    func lengths() {
        var random = SeededGenerator(seed: 4)
        let secret = issue("live", &random)
        for count in 0..<secret.count {
            #expect(kind(Array(secret[..<count])) != .issued)
        }
        for byte in UInt8.min...UInt8.max {
            #expect(kind(secret + [byte]) != .issued)
            #expect(kind([byte] + secret) != .issued)
        }
    }

    @Test(
        "of others are foreign",
        arguments: [
            "", "x", "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789", "tg_", "tg_live_", "tg__",
            "tg__000000000000000000000000000000000", "TG_live_000000000000000000000000000000000",
            "tg_Live_000000000000000000000000000000000",
            "tg_li_e_000000000000000000000000000000000",
            "tg_live-000000000000000000000000000000000",
            "tg_live_00000000000000000000000000000000é",
            "tg_a1b2c3d4e5f6g7h8i_000000000000000000000000000000000",
        ]
    )
    func foreign(_ text: String) {
        #expect(kind(Array(text.utf8)) == .foreign)
    }

    @Test("are carriers of all their random bits")
    func entropy() {
        let low = KeySecret.issue(environment: "live", entropy: (0, 0))
        let text = String(decoding: low, as: UTF8.self)
        #expect(text.hasPrefix("tg_live_" + String(repeating: "0", count: 27)))
        #expect(KeySecret.issue(environment: "live", entropy: (1, 0)) != low)
        #expect(KeySecret.issue(environment: "live", entropy: (0, 1)) != low)
        let high = KeySecret.issue(environment: "live", entropy: (.max, .max))
        #expect(kind(high) == .issued)
    }

    @Test("show only their first and last characters")
    func masked() {
        var random = SeededGenerator(seed: 5)
        let secret = String(decoding: issue("live", &random), as: UTF8.self)
        #expect(masked(secret) == "tg_live_…" + secret.suffix(4))
        #expect(masked("sk-proj-abcdefghijklmnop") == "sk-p…")
        #expect(masked("short secret") == "…")
        #expect(masked("") == "…")
        // A character cut in two shows as what it is: not text.
        #expect(masked("aaaé" + String(repeating: "b", count: 20)) == "aaa\u{FFFD}…")
    }

    @Test(
        "have an environment of 1 to 16 of a-z and 0-9",
        arguments: [
            ("live", true), ("0", true), ("a1b2c3d4e5f6g7h8", true), ("", false),
            ("a1b2c3d4e5f6g7h8i", false), ("Live", false), ("a_b", false), ("é", false),
            ("a b", false), ("a-b", false),
        ]
    )
    func environments(_ text: String, _ isOne: Bool) {
        #expect(KeySecret.isEnvironment(text) == isOne)
    }

    @Test(
        "are checked with the CRC-32 of Ethernet",
        arguments: [
            ("123456789", 0xCBF4_3926), ("", 0), ("a", 0xE8B7_BE43),
            ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
        ] as [(String, UInt32)]
    )
    func checksum(_ text: String, _ expected: UInt32) {
        let bytes = Array(text.utf8)
        let actual = CRC32.checksum(of: bytes.span)
        #expect(actual == expected)
    }

    @Test("are written in base 62, digits before capitals before small letters")
    func base62() {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max {
            let place = alphabet.firstIndex(of: byte).map { UInt8($0) }
            #expect(Base62.digit(of: byte) == place)
        }
        #expect(Base62.digits(of: 61, width: 3) == Array("00z".utf8))
        #expect(Base62.digits(of: 62 * 62 + 10, width: 2) == Array("0A".utf8))
    }

    private func issue(_ environment: String, _ random: inout SeededGenerator) -> [UInt8] {
        KeySecret.issue(environment: environment, entropy: (random.uint128(), random.uint128()))
    }

    private func kind(_ bytes: [UInt8]) -> KeySecret.Kind {
        KeySecret.kind(of: bytes.span)
    }

    private func masked(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return KeySecret.masked(bytes.span)
    }
}
