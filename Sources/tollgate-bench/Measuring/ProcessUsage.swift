internal import Foundation
internal import Glibc

/// What a process has used, as the kernel counts it.
enum ProcessUsage {
    /// The processor time of all its threads, also those that have ended.
    static func processorTime(of id: Int32) throws -> Duration {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(id, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw BenchError("cannot read the processor time of process \(id)")
        }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The memory that it has in RAM, in bytes.
    static func residentMemory(of id: Int32) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
        guard words.count >= 2, let kibibytes = Int(words[1]) else {
            throw BenchError("cannot read the memory of process \(id)")
        }
        return kibibytes << 10
    }
}
