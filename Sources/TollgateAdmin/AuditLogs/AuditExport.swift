internal import Synchronization
internal import TollgateCore
internal import TollgateEngine

/// How a list of the audit trail is written.
enum AuditFormat: String, CaseIterable, Sendable {
    /// One document.
    case json
    /// A document on each line.
    case jsonl
    /// Comma-separated values.
    case csv

    var contentType: String {
        switch self {
        case .json: "application/json"
        case .jsonl: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8; header=present"
        }
    }

    /// The content type without its parameters.
    var mediaType: String { String(contentType.prefix { $0 != ";" }) }
}

/// Writes rows of the audit trail, however many there are, a page at a time.
///
/// It holds nothing between two pages but where it is: neither memory nor the store notices a client
/// that reads slowly. It ends with what was recorded when it began, however much is recorded
/// meanwhile.
final class AuditExport: Sendable {
    private struct State {
        var query: AuditQuery
        /// How many rows may still come.
        var left: Int
        var names: KeyNames
        var hasBegun = false
        var hasRows = false
        var hasEnded = false
    }

    /// How many rows are read at once.
    private static let pageSize = 1000

    private let format: AuditFormat
    private let log: any AuditLog
    private let state: Mutex<State>

    /// Writes what a query asks for.
    ///
    /// - Parameters:
    ///   - query: which rows; its limit is that of a page.
    ///   - limit: how many at most; nil for all.
    ///   - format: how.
    ///   - services: where they are read.
    init(_ query: AuditQuery, limit: Int?, as format: AuditFormat, _ services: AdminServices) {
        self.format = format
        log = services.auditLog
        var query = query
        query.last = log.lastPosition
        let names = KeyNames(registry: services.registry)
        state = Mutex(State(query: query, left: limit ?? .max, names: names))
    }

    /// The answer that it is the body of.
    var stream: APIStream {
        APIStream(contentType: format.contentType, fileName: "audit-logs.\(format.rawValue)") {
            () throws(APIError) in try self.next()
        }
    }

    /// The next piece; nil at the end.
    func next() throws(APIError) -> [UInt8]? {
        try state.withLock { state throws(APIError) -> [UInt8]? in
            if state.hasEnded { return nil }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(512 << 10)
            if !state.hasBegun {
                state.hasBegun = true
                begin(&bytes)
            }
            try addPage(&state, to: &bytes)
            if state.hasEnded, format == .json { bytes += #"],"next_cursor":null}"#.utf8 }
            // A page may have been without a match: an empty piece would end nothing.
            return bytes
        }
    }

    private func begin(_ bytes: inout [UInt8]) {
        switch format {
        case .json: bytes += #"{"logs":["#.utf8
        case .jsonl: break
        case .csv: bytes += AuditCSV.heading
        }
    }

    private func addPage(_ state: inout State, to bytes: inout [UInt8]) throws(APIError) {
        state.query.limit = min(AuditExport.pageSize, state.left)
        let page: AuditPage
        do { page = try log.page(state.query) } catch { throw .unavailable }
        for entry in page.entries {
            let name = try state.names.name(of: entry.keyID)
            switch format {
            case .json:
                if state.hasRows { bytes.append(UInt8(ascii: ",")) }
                AuditDocument.json(entry, keyName: name).append(to: &bytes)
            case .jsonl:
                AuditDocument.json(entry, keyName: name).append(to: &bytes)
                bytes.append(0x0A)
            case .csv:
                AuditCSV.append(entry, keyName: name, to: &bytes)
            }
            state.hasRows = true
        }
        state.left -= page.entries.count
        state.query.cursor = page.next
        state.hasEnded = page.next == nil || state.left <= 0
    }
}

/// The names of keys, each read once for as long as there are not too many.
struct KeyNames: Sendable {
    private static let countLimit = 10_000

    let registry: KeyRegistry
    private var known: [KeyID: String?] = [:]

    init(registry: KeyRegistry) {
        self.registry = registry
    }

    /// The name of a key; nil when there is no such key.
    mutating func name(of id: KeyID?) throws(APIError) -> String? {
        guard let id else { return nil }
        if let name = known[id] { return name }
        if known.count >= KeyNames.countLimit { known.removeAll(keepingCapacity: true) }
        do {
            let name = try registry.key(id).name
            known[id] = .some(name)
            return name
        } catch .notFound {
            known[id] = .some(nil)
            return nil
        } catch {
            throw APIError(error)
        }
    }
}
