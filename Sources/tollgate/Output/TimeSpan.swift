internal import ArgumentParser

/// A span of time as people write it: a number and `s`, `m`, `h` or `d`; seconds without a unit.
struct TimeSpan: ExpressibleByArgument, Equatable {
    let seconds: Int64

    init?(argument: String) {
        let unit: Int64
        switch argument.last {
        case "s": unit = 1
        case "m": unit = 60
        case "h": unit = 3600
        case "d": unit = 86_400
        default: unit = 0
        }
        guard let number = Int64(unit == 0 ? argument[...] : argument.dropLast()), number >= 1
        else {
            return nil
        }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: max(unit, 1))
        guard !overflow else { return nil }
        self.seconds = seconds
    }
}
