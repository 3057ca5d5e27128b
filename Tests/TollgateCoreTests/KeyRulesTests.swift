internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("Compiling a key's rules")
struct KeyRulesTests {
    @Test("names the list and the place of the first bad pattern")
    func badPatterns() {
        for (dimension, list) in Self.lists {
            for isDenied in [false, true] {
                for bad in ["", "a\0", String(repeating: "x", count: 257)] {
                    let record = KeyRecord.sample { record in
                        if isDenied {
                            record[keyPath: list].denied = ["fine", bad, ""]
                        } else {
                            record[keyPath: list].allowed = ["fine", bad, ""]
                        }
                    }
                    #expect(
                        throws: RuleProblem.badPattern(dimension, isDenied: isDenied, index: 1)
                    ) { try rules(record) }
                }
            }
        }
    }

    @Test("takes 1000 patterns in each list, and none more")
    func tooManyPatterns() throws {
        for (dimension, list) in Self.lists {
            var record = KeyRecord.sample()
            record[keyPath: list].allowed = [String](repeating: "a", count: 1000)
            record[keyPath: list].denied = [String](repeating: "b", count: 1000)
            _ = try rules(record)
            record[keyPath: list].denied.append("c")
            #expect(throws: RuleProblem.tooMany(dimension, isDenied: true)) { try rules(record) }
            record[keyPath: list].allowed.append("c")
            #expect(throws: RuleProblem.tooMany(dimension, isDenied: false)) {
                try rules(record)
            }
        }
    }

    @Test("names the place of the first bad address, whether the list is on or off")
    func badAddresses() {
        for isEnabled in [false, true] {
            let record = KeyRecord.sample { record in
                record.ipAllowlist = IPAllowlist(
                    isEnabled: isEnabled,
                    addresses: ["10.0.0.0/8", "10.0.0.0/33", "x"]
                )
            }
            #expect(throws: RuleProblem.badAddress(index: 1)) { try rules(record) }
        }
    }

    @Test("takes 1000 addresses, and none more")
    func tooManyAddresses() throws {
        var record = KeyRecord.sample()
        record.ipAllowlist.addresses = [String](repeating: "10.0.0.1", count: 1000)
        _ = try rules(record)
        record.ipAllowlist.addresses.append("10.0.0.1")
        #expect(throws: RuleProblem.tooManyAddresses) { try rules(record) }
    }

    @Test("restricts addresses only when the list is on")
    func switchedOff() throws {
        var record = KeyRecord.sample { $0.ipAllowlist.addresses = ["10.0.0.1"] }
        #expect(try rules(record).access.networks == nil)
        record.ipAllowlist.isEnabled = true
        #expect(try rules(record).access.networks == [try #require(IPNetwork("10.0.0.1"))])
        record.ipAllowlist.addresses = []
        #expect(try rules(record).access.networks == [])
    }

    @Test("takes over what decisions read besides")
    func standing() throws {
        let record = KeyRecord.sample { record in
            record.status = .disabled
            record.expiresAt = WallTime(milliseconds: 7)
            record.permissions = .manageKeys
        }
        let rules = try rules(record)
        #expect(rules.id == record.id)
        #expect(rules.status == .disabled)
        #expect(rules.expiresAt == WallTime(milliseconds: 7))
        #expect(rules.permissions == .manageKeys)
    }

    @Test("take a secret until the exact end of its grace, and no other secret")
    func grace() throws {
        let digests = (1...3).map { KeyDigest(words: ($0, 0, 0, 0)) }
        let record = KeyRecord.sample(digests: [digests[0], digests[1]]) { record in
            record.secrets[1].validUntil = WallTime(milliseconds: 500)
        }
        let rules = try rules(record)
        let before = WallTime(milliseconds: 499)
        let end = WallTime(milliseconds: 500)
        #expect(rules.accepts(digests[0], at: before) && rules.accepts(digests[0], at: end))
        #expect(rules.accepts(digests[1], at: before) && !rules.accepts(digests[1], at: end))
        #expect(!rules.accepts(digests[2], at: before))
    }

    private func rules(_ record: KeyRecord) throws(RuleProblem) -> KeyRules {
        try KeyRules(record, zones: .utcOnly)
    }

    private static var lists: [(RuleProblem.Dimension, WritableKeyPath<KeyRecord, NameLists>)] {
        [
            (.models, \.models), (.providers, \.providers), (.suppliers, \.suppliers),
            (.regions, \.regions), (.actions, \.actions),
        ]
    }
}
