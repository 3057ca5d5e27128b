internal import Foundation

/// Order statistics of a measurement.
struct Percentiles {
    let median: Double
    let percentile99: Double

    init(_ values: [UInt32]) {
        let sorted = values.sorted()
        func value(at share: Double) -> Double {
            guard let last = sorted.indices.last else { return 0 }
            return Double(sorted[min(last, Int(Double(sorted.count) * share))])
        }
        median = value(at: 0.5)
        percentile99 = value(at: 0.99)
    }
}

/// The file that `h2load --log-file` writes: start, status and microseconds of each request.
enum LatencyLog {
    /// The microseconds of all requests.
    static func read(_ file: URL) throws -> [UInt32] {
        var values: [UInt32] = []
        var value: UInt32 = 0
        var column = 0
        for byte in try Data(contentsOf: file) {
            switch byte {
            case UInt8(ascii: "\t"): column += 1
            case UInt8(ascii: "\n"):
                guard column == 2 else {
                    throw BenchError("h2load writes another log than expected")
                }
                values.append(value)
                value = 0
                column = 0
            case 0x30...0x39 where column == 2: value = value &* 10 &+ UInt32(byte - 0x30)
            default: break
            }
        }
        return values
    }
}
