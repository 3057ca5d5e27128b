internal import TollgateCore

extension ObjectReader {
    /// A decimal number that is not negative, exactly, as a whole number of its smallest part.
    ///
    /// - Parameters:
    ///   - name: the member.
    ///   - decimals: how many digits behind the point count.
    ///   - limit: the most that is taken, counted in the smallest part.
    /// - Returns: the number times ten to the power of `decimals`.
    /// - Throws: `invalid_field` for anything that is not such a number.
    mutating func decimal(
        _ name: String,
        decimals: Int,
        upTo limit: Int64 = .max
    ) throws(APIError) -> Field<Int64> {
        let value: JSONValue
        switch take(name) {
        case .absent: return .absent
        case .null: return .null
        case .value(let found): value = found
        }
        guard
            let number = value.decimal(decimals: decimals), number >= 0, number <= limit
        else {
            throw .invalidField(
                path(of: name),
                "must be a number from 0 to \(FixedPoint.text(limit, decimals: decimals)), "
                    + "with at most \(decimals) decimals"
            )
        }
        return .value(number)
    }

    /// An amount of USD that is not negative.
    mutating func money(_ name: String) throws(APIError) -> Field<Money> {
        switch try decimal(name, decimals: 9) {
        case .absent: .absent
        case .null: .null
        case .value(let nanos): .value(Money(nanos: nanos))
        }
    }

    /// A price in USD for a million tokens, as pico-USD for each.
    mutating func price(_ name: String) throws(APIError) -> Field<UInt64> {
        switch try decimal(name, decimals: 6, upTo: Int64(ModelPrice.limit)) {
        case .absent: .absent
        case .null: .null
        case .value(let picos): .value(UInt64(picos))
        }
    }
}

extension JSONValue {
    /// A whole number of the smallest part of a decimal one, as the shortest number.
    init(_ value: Int64, decimals: Int) {
        let text = FixedPoint.text(value, decimals: decimals)
        self = Int64(text).map { .integer($0) } ?? .number(text)
    }

    /// An amount in USD.
    init(_ amount: Money) {
        self.init(amount.nanos, decimals: 9)
    }

    /// A price, told in pico-USD, in USD for a million tokens.
    init(price: UInt64) {
        self.init(Int64(clamping: price), decimals: 6)
    }

    /// The whole number that this is, also where it is written as `60.0` or `1e2`; nil for others.
    var whole: Int64? {
        if case .integer(let number) = self { return number }
        return decimal(decimals: 0)
    }

    /// The number times ten to the power of `decimals`; nil when it is none, or not exactly that.
    func decimal(decimals: Int) -> Int64? {
        switch self {
        case .integer(let number): FixedPoint.value("\(number)", decimals: decimals)
        case .number(let text): FixedPoint.value(text, decimals: decimals)
        default: nil
        }
    }
}
