internal import Glibc

/// What the system says about this process, under the names that every Prometheus client uses.
enum ProcessMetrics {
    /// Reads the figures now; those that the system does not give are left out.
    static func families() -> [MetricFamily] {
        [processorTime(), residentMemory(), openFiles()].compactMap { $0 }
    }

    private static func processorTime() -> MetricFamily? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        func seconds(_ time: timeval) -> Double {
            Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
        }
        return MetricFamily(
            "process_cpu_seconds_total",
            .counter,
            "Processor time that the process has used, in user and system mode.",
            seconds(usage.ru_utime) + seconds(usage.ru_stime)
        )
    }

    /// From `/proc/self/statm`, whose second number is the resident set in pages.
    private static func residentMemory() -> MetricFamily? {
        guard let file = fopen("/proc/self/statm", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let text = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let numbers = String(decoding: text, as: UTF8.self).split(separator: " ")
        guard numbers.count > 1, let pages = Int(numbers[1]) else { return nil }
        return MetricFamily(
            "process_resident_memory_bytes",
            .gauge,
            "Memory of the process that is in RAM.",
            Double(pages) * Double(sysconf(Int32(_SC_PAGESIZE)))
        )
    }

    /// The entries of `/proc/self/fd`, less the two dots and the listing itself.
    private static func openFiles() -> MetricFamily? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = -3
        while readdir(directory) != nil { count += 1 }
        return MetricFamily(
            "process_open_fds",
            .gauge,
            "Open files and sockets of the process.",
            max(0, count)
        )
    }
}
