internal import Glibc

/// What the system says about this process, under the names that every Prometheus client uses.
enum ProcessMetrics {
    /// Reads the figures now; those that the system does not give are left out.
    static func families() -> [MetricFamily] {
        [processorTime(), openFiles(), fileLimit(), startTime()].compactMap { $0 } + memory()
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

    /// From `/proc/self/statm`, which begins with all memory and what of it is resident, in pages.
    private static func memory() -> [MetricFamily] {
        let numbers = words(of: "/proc/self/statm").compactMap { Double($0) }
        guard numbers.count > 1 else { return [] }
        let page = Double(sysconf(Int32(_SC_PAGESIZE)))
        return [
            MetricFamily(
                "process_virtual_memory_bytes",
                .gauge,
                "Memory that the process has addresses for.",
                numbers[0] * page
            ),
            MetricFamily(
                "process_resident_memory_bytes",
                .gauge,
                "Memory of the process that is in RAM.",
                numbers[1] * page
            ),
        ]
    }

    /// When the process began: the system's start in `/proc/stat`, and what of `/proc/self/stat`
    /// comes 20 words behind the name in brackets, in ticks after it (proc(5)).
    private static func startTime() -> MetricFamily? {
        let text = words(of: "/proc/self/stat")
        guard
            let name = text.lastIndex(where: { $0.hasSuffix(")") }), name + 20 < text.count,
            let ticks = Double(text[name + 20])
        else { return nil }
        let system = words(of: "/proc/stat")
        guard
            let word = system.firstIndex(of: "btime"), word + 1 < system.count,
            let boot = Double(system[word + 1])
        else { return nil }
        return MetricFamily(
            "process_start_time_seconds",
            .gauge,
            "When the process began, in seconds since 1970.",
            boot + ticks / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        )
    }

    private static func fileLimit() -> MetricFamily? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return nil
        }
        return MetricFamily(
            "process_max_fds",
            .gauge,
            "How many files and sockets the process may open.",
            limit.rlim_cur
        )
    }

    /// The words of a file of the system, as far as they are among its first 64 kB.
    private static func words(of path: String) -> [Substring] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
            .split { $0 == " " || $0.isNewline }
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
