internal import Foundation
internal import Glibc

/// How fast this disk makes small writes durable, one after the other.
enum DiskRate {
    /// Measures.
    ///
    /// - Parameters:
    ///   - directory: on which disk.
    ///   - size: how many bytes are written each time.
    ///   - seconds: for about how long.
    /// - Returns: how many fsyncs there are in a second.
    /// - Throws: when the file cannot be written.
    static func measure(in directory: URL, size: Int, seconds: Double) throws -> Double {
        let path = directory.appending(path: "fsync").path
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw BenchError("\(path) cannot be written") }
        defer {
            close(file)
            unlink(path)
        }
        let bytes = [UInt8](repeating: 1, count: size)
        let start = ContinuousClock.now
        var count = 0
        while ContinuousClock.now - start < .seconds(seconds) {
            guard write(file, bytes, size) == size, fdatasync(file) == 0 else {
                throw BenchError("\(path) cannot be written")
            }
            count += 1
        }
        let elapsed = ContinuousClock.now - start
        return Double(count)
            / (Double(elapsed.components.attoseconds) / 1e18
                + Double(elapsed.components.seconds))
    }
}
