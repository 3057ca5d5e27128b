internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("Money")
struct MoneyTests {
    @Test("costs what exact arithmetic says, rounded up once, or says that it is too much")
    func costs() throws {
        for line in try CaseFiles.lines("Limits/costs.tsv") where line.first != "#" && line != "" {
            let fields = line.split(separator: "\t").map { UInt64($0) }
            guard fields.count == 8, let input = fields[0], let cached = fields[1],
                let output = fields[2], let inputPrice = fields[3], let outputPrice = fields[5]
            else {
                Issue.record("not a case: \(line)")
                continue
            }
            let price = ModelPrice(input: inputPrice, output: outputPrice, cachedInput: fields[4])
            let counts = TokenCounts(input: input, cachedInput: cached, output: output)
            #expect(price.cost(of: counts)?.nanos == fields[6].map { Int64($0) }, "\(line)")
            let (tokens, overflow) = input.addingReportingOverflow(output)
            if !overflow {
                let highest = price.highestCost(tokens: tokens, input: input)
                #expect(highest?.nanos == fields[7].map { Int64($0) }, "\(line)")
            }
        }
    }

    @Test("never costs more than was reserved, as long as the request keeps to what it said")
    func reservationCovers() throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<20_000 {
            let price = ModelPrice(
                input: .random(in: 0...5000, using: &random),
                output: .random(in: 0...5000, using: &random),
                cachedInput: Bool.random(using: &random)
                    ? .random(in: 0...5000, using: &random) : nil
            )
            let tokens = UInt64.random(in: 0...1000, using: &random)
            let prompt = UInt64.random(in: 0...tokens, using: &random)
            let highest = try #require(price.highestCost(tokens: tokens, input: prompt))
            let input = UInt64.random(in: 0...(prompt == 0 ? tokens : prompt), using: &random)
            let rest = tokens - (prompt == 0 ? input : prompt)
            let counts = TokenCounts(
                input: input,
                cachedInput: .random(in: 0...input, using: &random),
                output: .random(in: 0...rest, using: &random)
            )
            let cost = try #require(price.cost(of: counts))
            #expect(cost <= highest, "\(price) \(tokens) \(prompt) \(counts)")
        }
    }

    @Test("takes the dearest rate for all tokens when the prompt's part is not known")
    func unknownPrompt() {
        let usual = ModelPrice(input: 2000, output: 8000, cachedInput: 1000)
        #expect(usual.highestCost(tokens: 10, input: 0) == Money(nanos: 80))
        let dearInput = ModelPrice(input: 9000, output: 8000)
        #expect(dearInput.highestCost(tokens: 10, input: 0) == Money(nanos: 90))
        let dearCache = ModelPrice(input: 2000, output: 3000, cachedInput: 4000)
        #expect(dearCache.highestCost(tokens: 10, input: 0) == Money(nanos: 40))
    }

    @Test("counts a prompt that is longer than all tokens in full")
    func promptAboveTokens() {
        let price = ModelPrice(input: 1000, output: 5000)
        #expect(price.highestCost(tokens: 10, input: 30) == Money(nanos: 30))
    }

    @Test("says when a sum or a difference is too much")
    func overflow() {
        let most = Money(nanos: .max)
        let least = Money(nanos: .min)
        let one = Money(nanos: 1)
        #expect(most.adding(one) == nil)
        #expect(least.subtracting(one) == nil)
        #expect(Money.zero.subtracting(least) == nil)
        #expect(most.subtracting(one) == Money(nanos: .max - 1))
        #expect(least.adding(most) == Money(nanos: -1))
        #expect(one.adding(one) == Money(nanos: 2))
    }
}
