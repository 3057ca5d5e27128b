internal import Glibc

/// A line of the audit trail as log daemons take it, in one datagram.
///
/// Facility 13 (log audit) and severity 5 (notice), RFC 5424 section 6.2.1.
struct SyslogMessage {
    private static let priority = "<\(13 * 8 + 5)>"
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// When, in RFC 3339.
    let time: String
    /// What is logged, without a line break.
    let content: String

    /// The message for a daemon of this machine: as the C library writes it (RFC 3164 without the
    /// host), which all of them read, with the local time as they expect it.
    func local(at now: time_t) -> String {
        var now = now
        var parts = tm()
        localtime_r(&now, &parts)
        let month = SyslogMessage.months[min(max(Int(parts.tm_mon), 0), 11)]
        let day = SyslogMessage.padded(parts.tm_mday, " ")
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map {
            SyslogMessage.padded($0, "0")
        }
        return SyslogMessage.priority + "\(month) \(day) \(clock.joined(separator: ":"))"
            + " tollgate[\(getpid())]: \(content)"
    }

    /// The message for a daemon somewhere else (RFC 5424).
    func remote(from host: String) -> String {
        SyslogMessage.priority + "1 \(time) \(host) tollgate \(getpid()) checkpoint - \(content)"
    }

    private static func padded(_ number: Int32, _ filler: String) -> String {
        (number < 10 ? filler : "") + "\(number)"
    }

    /// The name of this machine as a message may have it; `-` where it has none.
    static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "-" }
        let text = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let isPrintable = text.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        return text.isEmpty || !isPrintable ? "-" : String(decoding: text, as: UTF8.self)
    }
}
