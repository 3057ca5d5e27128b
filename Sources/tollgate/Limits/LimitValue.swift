internal import ArgumentParser
internal import TollgateAdmin
internal import TollgateCore

/// A limit as people write it: a whole number, or `none` to take it away.
struct CountLimit: ExpressibleByArgument, Equatable {
    let json: JSONValue

    init?(argument: String) {
        if argument == "none" {
            json = .null
        } else if let count = Int64(argument), count >= 0 {
            json = .integer(count)
        } else {
            return nil
        }
    }
}

/// An amount of USD as people write it: a decimal number, or `none` to take the limit away.
struct MoneyLimit: ExpressibleByArgument, Equatable {
    let json: JSONValue

    init?(argument: String) {
        if argument == "none" {
            json = .null
        } else if let nanos = FixedPoint.value(argument, decimals: 9), nanos >= 0 {
            json = .number(FixedPoint.text(nanos, decimals: 9))
        } else {
            return nil
        }
    }
}
