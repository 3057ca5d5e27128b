internal import TollgateCore
internal import TollgateEngine

/// Rows of the audit trail as lines of comma-separated values (RFC 4180).
///
/// Names, user agents and metadata are written by other people, and spreadsheets take a text that
/// begins like a formula for one: such a text gets an apostrophe in front, and quotes around.
enum AuditCSV {
    private static let columns = [
        "timestamp", "id", "type", "key_id", "api_key_name", "request_id", "action", "target",
        "fields", "model", "provider", "supplier", "region", "status", "reason", "outcome",
        "input_tokens", "output_tokens", "cached_input_tokens", "total_tokens", "cost_usd",
        "reserved_cost_usd", "latency_ms", "upstream_status", "settled_at", "reservation_id",
        "ip_address", "user_agent", "metadata", "count", "first_seen", "last_seen",
        "billed_model", "billed_provider", "billed_supplier", "billed_region",
        "found_content_rules", "unusual_use",
    ]

    /// The line of names, with its line break.
    static var heading: [UInt8] { Array((columns.joined(separator: ",") + "\r\n").utf8) }

    /// Appends the line of a row, with its line break.
    static func append(_ entry: AuditEntry, keyName: String?, to bytes: inout [UInt8]) {
        let usage = AuditUsage(entry)
        let action = entry.action
        let isAllowed = entry.reason == .allowed
        let isDecision = action == nil
        let cells: [String?] = [
            Timestamp.text(entry.time), AuditDocument.id(of: entry.place),
            isDecision ? "decision" : "management", entry.keyID.map { "\($0)" }, keyName,
            entry[.requestID], action?.name ?? entry[.action], action?.target,
            action?.fields.joined(separator: " "), entry[.model], entry[.provider],
            entry[.supplier], entry[.region], isAllowed ? "success" : "denied",
            "\(entry.reason.code)", usage.outcome,
        ]
        let numbers: [String?] =
            isDecision
            ? [
                text(usage.inputTokens), text(usage.outputTokens), text(usage.cachedInputTokens),
                text(usage.totalTokens), text(usage.cost), text(usage.reservedCost),
                text(usage.latency), text(usage.upstreamStatus),
            ] : [String?](repeating: nil, count: 8)
        let metadata = entry.metadata.isEmpty ? nil : AuditDocument.metadata(entry.metadata).text()
        let rest: [String?] = [
            usage.settledAt.map { Timestamp.text($0) }, "\(entry.reservation)",
            entry.clientIP.map { "\($0)" }, entry[.userAgent], metadata,
            text(entry.crowd?.count), entry.crowd.map { Timestamp.text($0.first) },
            entry.crowd.map { Timestamp.text($0.last) }, usage.billedModel,
            usage.billedProvider, usage.billedSupplier, usage.billedRegion,
            entry.foundRules.map { "\($0)" }.joined(separator: " "),
            isDecision ? "\(entry.isUnusual)" : nil,
        ]
        for (index, cell) in (cells + numbers + rest).enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(cell ?? "", to: &bytes)
        }
        bytes += [0x0D, 0x0A]
    }

    private static func text(_ number: (some BinaryInteger)?) -> String? {
        number.map { "\($0)" }
    }

    private static func text(_ amount: Money?) -> String? {
        amount.map { FixedPoint.text($0.nanos, decimals: 9) }
    }

    /// Appends one cell, in quotes where it needs them.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        let isFormula = text.utf8.first.map(startsFormula) ?? false
        let needsQuotes = isFormula || text.utf8.contains(where: breaksCell)
        guard needsQuotes else {
            bytes += text.utf8
            return
        }
        bytes.append(UInt8(ascii: "\""))
        if isFormula { bytes.append(UInt8(ascii: "'")) }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// What spreadsheets take for the beginning of a formula.
    private static func startsFormula(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09,
            0x0D:
            true
        default: false
        }
    }

    private static func breaksCell(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D: true
        default: false
        }
    }
}
