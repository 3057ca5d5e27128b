internal import Glibc

/// What the process asks of the system before it serves.
enum ProcessLimits {
    /// Asks for it; what the system refuses is done without.
    static func prepare() {
        // A write past a file size limit shall fail like any other, not end the process.
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        // A core file would hold secrets.
        var core = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
        // Each connection of a proxy takes a descriptor.
        var files = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 {
            files.rlim_cur = files.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        }
    }
}
