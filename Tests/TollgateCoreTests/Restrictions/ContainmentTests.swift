internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("What is no wider")
struct ContainmentTests {
    /// A key with restrictions, in use.
    private struct User {
        let subject: DecisionSubject

        init(_ restrictions: Restrictions) throws {
            let rules = try KeyRules(.sample { $0.restrictions = restrictions }, zones: .utcOnly)
            subject = DecisionSubject(rules: rules, chain: .alone(rules))
        }

        func ask(
            _ request: borrowing CheckRequest,
            _ price: RequestPrice,
            _ now: Now
        ) -> Verdict {
            Decide.verdict(
                on: request,
                by: subject,
                price: price,
                at: now,
                reservation: ReservationID(rawValue: 1)
            )
        }

        func count(_ verdict: Verdict, _ now: Now) {
            if let charge = verdict.charge { subject.chain.count(charge, at: now) }
        }
    }

    @Test("lets nothing through that the other would stop, whatever is asked and in which order")
    func property() throws {
        var source = RandomRestrictions(seed: 4)
        var (accepted, changed, passed) = (0, 0, 0)
        for round in 0..<6000 {
            let bound = source.any()
            let restrictions = source.like(bound)
            guard (try? User(bound)) != nil, (try? User(restrictions)) != nil else { continue }
            guard restrictions.isNoWider(than: bound) else { continue }
            accepted += 1
            if restrictions != bound { changed += 1 }
            let (narrow, wide) = (try User(restrictions), try User(bound))
            for step in 0..<12 {
                let now = Now(
                    wall: WallTime(milliseconds: Int64(step) * 4000),
                    monotonic: MonotonicTime(nanoseconds: Int64(step) * 4_000_000_000)
                )
                var request = CheckRequest()
                try source.fill(&request)
                let price = source.price()
                let verdict = narrow.ask(request, price, now)
                guard verdict.isAllowed else { continue }
                passed += 1
                let other = wide.ask(request, price, now)
                #expect(
                    other.isAllowed,
                    "round \(round): \(other.reason) \(restrictions) \(bound)"
                )
                narrow.count(verdict, now)
                wide.count(verdict, now)
            }
        }
        // Otherwise the random inputs would show less than they seem to.
        #expect(
            accepted > 1500 && changed > 500 && passed > 3000,
            "\(accepted) \(changed) \(passed)"
        )
    }

    @Test("is everything as it is")
    func reflexive() {
        var source = RandomRestrictions(seed: 5)
        for _ in 0..<2000 {
            let restrictions = source.any()
            #expect(restrictions.isNoWider(than: restrictions), "\(restrictions)")
        }
    }

    @Test(
        "of patterns is exact",
        arguments: [
            ("*", "a", true), ("*", "*", true), ("a*", "ab*", true), ("ab*", "a*", false),
            ("a*b", "a*b", true), ("a*b", "axb", true), ("a*b", "a*x*b", true), ("a*", "*a", false),
            ("GPT-*", "gpt-4o", true), ("gpt-4o", "gpt-*", false), ("**", "*", true),
            ("*a*", "a", true), ("*-mini", "gpt-*-mini", true), ("gpt-*-mini", "*-mini", false),
        ]
    )
    func patterns(wide: String, narrow: String, isContained: Bool) throws {
        let (wide, narrow) = (try #require(Pattern(wide)), try #require(Pattern(narrow)))
        #expect(wide.contains(narrow) == isContained)
    }

    @Test("agrees with all short names on what patterns contain and have in common")
    func shortNames() throws {
        var random = SeededGenerator(seed: 6)
        var names: [[UInt8]] = []
        for length in 1...4 {
            for bits in 0..<1 << length {
                names.append((0..<length).map { UInt8(ascii: "a") + UInt8(bits >> $0 & 1) })
            }
        }
        for _ in 0..<3000 {
            let one = try #require(Pattern(random.text(random.number(in: 1...3), of: "ab*")))
            let other = try #require(Pattern(random.text(random.number(in: 1...3), of: "ab*")))
            let inBoth = names.contains { one.matches($0.span) && other.matches($0.span) }
            let inOther = names.filter { other.matches($0.span) }
            if one.contains(other) {
                #expect(inOther.allSatisfy { one.matches($0.span) }, "\(one.text) \(other.text)")
            }
            #expect(one.overlaps(other) == inBoth, "\(one.text) \(other.text)")
        }
    }

    @Test(
        "of networks follows their addresses",
        arguments: [
            ("10.0.0.0/8", "10.1.0.0/16", true), ("10.1.0.0/16", "10.0.0.0/8", false),
            ("10.0.0.0/8", "10.0.0.0/8", true), ("::/0", "10.0.0.0/8", false),
            ("0.0.0.0/0", "10.0.0.1", true), ("::/0", "2001:db8::/32", true),
            ("0.0.0.0/0", "::/0", false), ("::ffff:0:0/96", "10.0.0.1", true),
        ]
    )
    func networks(wide: String, narrow: String, isContained: Bool) throws {
        let (wide, narrow) = (try #require(IPNetwork(wide)), try #require(IPNetwork(narrow)))
        #expect(wide.contains(narrow) == isContained)
    }

    @Test("of keys looks at permissions, access, enforcement and what is charged, too")
    func keys() {
        func field(
            _ edit: (inout KeyRecord) -> Void,
            boundBy bind: (inout KeyRecord) -> Void
        ) -> String? {
            do {
                try KeyRecord.sample(2, edit).requireNoWider(than: .sample(1, bind))
                return nil
            } catch {
                return error.field
            }
        }
        #expect(field({ $0.permissions = .all }, boundBy: { $0.permissions = .all }) == nil)
        #expect(
            field({ $0.permissions = .all }, boundBy: { $0.permissions = .manageKeys })
                == "permissions"
        )
        #expect(field({ $0.access = .full }, boundBy: { $0.access = .readOnly }) == "access")
        #expect(field({ $0.access = .readOnly }, boundBy: { $0.access = .readOnly }) == nil)
        // Who is not restricted may try things out; who is may not.
        #expect(field({ $0.enforcement = .monitor }, boundBy: { _ in }) == nil)
        #expect(
            field({ $0.enforcement = .monitor }, boundBy: { $0.organization = "o" })
                == "enforcement"
        )
        #expect(
            field(
                {
                    $0.enforcement = .monitor
                    $0.models.allowed = ["a"]
                },
                boundBy: { $0.models.allowed = ["a"] }
            ) == "enforcement"
        )
        #expect(field({ $0.unsettled = .release }, boundBy: { _ in }) == nil)
        #expect(
            field({ $0.unsettled = .chargeInput }, boundBy: { $0.organization = "o" })
                == "unsettled"
        )
    }
}
