internal import Foundation
package import TollgateCore
package import TollgateCrypto
package import TollgateTesting

/// Keys and groups with random limits, small enough that a few hundred requests reach them.
package struct RandomWorld {
    /// What the models of the catalogue cost; `free` has no price.
    package static let prices: [String: ModelPrice] = [
        "cheap": ModelPrice(input: 100_000, output: 300_000, cachedInput: 50_000),
        "odd": ModelPrice(input: 333_333, output: 777_777, cachedInput: 999_999),
        "gift": ModelPrice(input: 0, output: 0),
        "dear": ModelPrice(input: ModelPrice.limit, output: ModelPrice.limit),
    ]

    package static let priceList = PriceList(
        models: ModelCatalogue(
            prices.map { Model(id: $0, provider: "any", price: $1) }
                + [Model(id: "free", provider: "any")]
        ),
        unpriced: .denyWhenBudgeted
    )

    /// Zones whose clocks are not set back over midnight or a full hour.
    package static let zones: [String: [UInt8]] = {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../TollgateCoreTests/Cases/Limits/Zones")
        let names = ["America/New_York", "Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe"]
        let files = names.map { name in
            let file = name.replacingOccurrences(of: "/", with: "-") + ".tzif"
            return (name, (try? Data(contentsOf: root.appending(path: file))).map(Array.init) ?? [])
        }
        return Dictionary(uniqueKeysWithValues: files)
    }()

    package static let catalogue = ZoneCatalogue { zones[$0] }

    package static func digester() throws -> SecretDigester {
        let pepper = [UInt8](repeating: 7, count: Pepper.byteCount)
        return try SecretDigester(try Pepper(bytes: pepper.span))
    }

    package static let keyCount = 7

    package static func secret(_ number: Int) -> String { "secret of key \(number)" }

    /// A key: five of two organisations, with teams and users, and two that stand alone.
    package static func key(
        _ number: Int,
        _ digester: SecretDigester,
        _ random: inout SeededGenerator
    ) -> KeyRecord {
        let secret = Array(secret(number).utf8)
        // All in one part of the key table, so that few of them fit.
        return .sample(UInt64(number + 1) * 64, digests: [digester.digest(of: secret.span)]) {
            key in
            if number < 5 {
                key.organization = number < 4 ? "acme" : "other"
                place(&key, &random)
            }
            limit(&key.limits, &random)
            key.unsettled = UnsettledPolicy.allCases.randomElement(using: &random) ?? .charge
            if random.isOnce(in: 6) { key.enforcement = .monitor }
        }
    }

    /// Puts a key into another team and gives it to another user of its organisation.
    package static func place(_ key: inout KeyRecord, _ random: inout SeededGenerator) {
        guard let organization = key.organization else { return }
        let teams = [nil, "\(organization).red", "\(organization).blue"]
        let users = [nil, "\(organization).ann", "\(organization).bob"]
        key.team = teams[random.number(in: 0...2)]
        key.user = users[random.number(in: 0...2)]
    }

    /// Puts a key into another organisation, or into none.
    package static func move(_ key: inout KeyRecord, _ random: inout SeededGenerator) {
        key.organization = [nil, "acme", "other"][random.number(in: 0...2)]
        key.team = nil
        key.user = nil
        place(&key, &random)
    }

    package static func groups(_ random: inout SeededGenerator) -> [GroupRecord] {
        var groups: [GroupRecord] = []
        for organization in ["acme", "other"] {
            let members: [(GroupKind, String)] = [
                (.organization, organization), (.team, "\(organization).red"),
                (.team, "\(organization).blue"), (.user, "\(organization).ann"),
                (.user, "\(organization).bob"),
            ]
            for (kind, name) in members {
                guard let id = GroupID(kind, name) else { continue }
                var group = GroupRecord(
                    id: id,
                    subject: SubjectID(rawValue: UInt128(groups.count + 1)),
                    name: name,
                    createdAt: WallTime(milliseconds: 0)
                )
                if kind != .organization { group.organization = organization }
                change(&group, &random)
                group.isEnabled = true
                groups.append(group)
            }
        }
        return groups
    }

    package static func change(_ group: inout GroupRecord, _ random: inout SeededGenerator) {
        limit(&group.limits, &random)
        group.isEnabled = !random.isOnce(in: 10)
        if group.id.kind == .organization {
            group.credits = random.isOnce(in: 3) ? amount(&random, 2_000_000) : nil
        }
    }

    // MARK: Limits

    /// Sets every limit or removes it.
    package static func limit(_ settings: inout LimitSettings, _ random: inout SeededGenerator) {
        let zone = settings.budgets.timezone
        settings = LimitSettings()
        settings.budgets.timezone = zone
        func some(_ most: Int) -> UInt64? {
            random.isOnce(in: 4) ? UInt64(random.number(in: 1...most)) : nil
        }
        var rates = LimitSettings.Rates()
        rates.perSecond = some(8)
        rates.perMinute = some(30)
        rates.perHour = some(60)
        rates.perDay = some(90)
        rates.tokensPerMinute = some(6000)
        rates.concurrent = some(8)
        rates.isStrict = random.isOnce(in: 3)
        let least = min(rates.perSecond ?? .max, rates.perMinute ?? .max)
        if least != .max, random.isOnce(in: 2) {
            let most = rates.isStrict ? Int(least) : 40
            rates.burst = UInt64(random.number(in: 1...most))
        }
        settings.rates = rates
        settings.tokens.perRequestMax = some(2000)
        settings.tokens.daily = some(30_000)
        settings.tokens.monthly = some(60_000)
        settings.tokens.total = some(90_000)
        settings.requests.total = some(150)
        func money(_ most: Int) -> Money? { random.isOnce(in: 5) ? amount(&random, most) : nil }
        settings.budgets.daily = money(300_000)
        settings.budgets.weekly = money(900_000)
        settings.budgets.monthly = money(1_200_000)
        settings.budgets.total = money(2_000_000)
    }

    package static func moveZone(_ settings: inout LimitSettings, _ random: inout SeededGenerator) {
        let names = ["UTC"] + zones.keys.sorted()
        settings.budgets.timezone = names[random.number(in: 0...names.count - 1)]
    }

    private static func amount(_ random: inout SeededGenerator, _ most: Int) -> Money {
        Money(nanos: Int64(random.number(in: 0...most)))
    }
}
