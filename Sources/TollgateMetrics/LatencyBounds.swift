/// The limits of the cells that latencies are counted in: 1, 2.5 and 5 of each power of ten, from a
/// microsecond to ten seconds.
///
/// The same for everything that is timed, so that one dashboard reads them all.
package enum LatencyBounds {
    /// The longest time that a cell takes, in nanoseconds; the last cell has no limit.
    package static let nanoseconds: [UInt64] = [
        1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ]

    /// The same in seconds, as they are written.
    package static let seconds: [String] = [
        "0.000001", "0.0000025", "0.000005", "0.00001", "0.000025", "0.00005", "0.0001",
        "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
        "0.5", "1", "2.5", "5", "10",
    ]
}
