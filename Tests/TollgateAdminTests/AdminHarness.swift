internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdTesting
internal import Logging
internal import NIOCore
internal import Synchronization
internal import Testing
internal import TollgateAdmin
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateTesting

/// A management API over an engine in memory, with one key for each kind of caller.
final class AdminHarness: Sendable {
    /// Who calls.
    enum Caller: String, Sendable {
        /// A key with all permissions.
        case admin
        /// A key that may only see usage.
        case auditor
        /// A key without permissions.
        case plain
        /// No key at all.
        case nobody
        /// A key that is none.
        case stranger
    }

    let catalogue = BreakableCatalogue()
    let journal: InMemoryJournal
    let faults: FaultyJournal
    let clock = ManualClock()
    let actions = InMemoryActions()
    let engine: Engine
    let registry: KeyRegistry
    let groupCatalogue = InMemoryGroups()
    let groups: GroupRegistry
    let modelStore = InMemoryModels()
    let models: ModelRegistry
    let suppliers: SupplierRegistry
    let answers = AnswerMemory()
    private let secrets: [Caller: String]
    private let obstacles = Mutex<[String]>([])
    private let metrics: [MetricFamily]

    init(metrics: [MetricFamily] = []) throws {
        journal = InMemoryJournal()
        faults = FaultyJournal(journal)
        engine = try Engine(
            EngineParts(
                catalogue: catalogue,
                groups: groupCatalogue,
                journal: faults,
                ledger: journal,
                time: clock,
                digester: try SecretDigester(try Pepper.generate())
            )
        )
        registry = KeyRegistry(
            engine: engine,
            groups: groupCatalogue,
            actions: actions,
            secrets: WebhookSecretBox(try SecretBox(try Pepper.generate()))
        )
        groups = GroupRegistry(
            catalogue: groupCatalogue,
            follower: engine,
            usage: engine,
            zones: .utcOnly,
            time: clock,
            actions: actions
        )
        models = try ModelRegistry(base: .builtIn, store: modelStore, actions: actions) {
            [engine] in engine.use($0)
        }
        suppliers = try SupplierRegistry(
            store: InMemorySuppliers(),
            box: try SecretBox(try Pepper.generate()),
            time: clock,
            actions: actions
        )
        self.metrics = metrics
        var auditor = KeyChanges()
        auditor.name = "auditor"
        auditor.permissions = .viewAllUsage
        var plain = KeyChanges()
        plain.name = "plain"
        let admin = try registry.firstAdministratorSecret() ?? ""
        _ = try registry.registerAdministrator(secret: admin)
        secrets = [
            .admin: admin,
            .auditor: try registry.create(auditor, by: nil).secret,
            .plain: try registry.create(plain, by: nil).secret,
            .stranger: "sk-not-a-key-of-this-server",
        ]
    }

    /// What is in the way of decisions, as the server would say.
    func setObstacles(_ words: [String]) {
        obstacles.withLock { $0 = words }
    }

    func secret(of caller: Caller) -> String {
        secrets[caller] ?? ""
    }

    /// What operations work with.
    func services() -> AdminServices {
        var services = AdminServices(
            registry: registry,
            groups: groups,
            models: models,
            suppliers: suppliers,
            auditLog: journal,
            engine: engine,
            time: clock,
            version: "1.2.3",
            answers: answers
        )
        services.metrics = { self.metrics }
        services.readiness = { Readiness(obstacles: self.obstacles.withLock { $0 }) }
        return services
    }

    /// The service, on a free port.
    func application(
        tls: AdminConfiguration.TLS? = nil,
        onListening: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> some ApplicationProtocol {
        try makeAdminApplication(
            services: services(),
            configuration: AdminConfiguration(
                address: .tcp(host: "127.0.0.1", port: 0),
                tls: tls
            ),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            onListening: onListening
        )
    }

    /// Sends a request and reads the answer.
    func call(
        _ method: HTTPRequest.Method,
        _ uri: String,
        _ body: String? = nil,
        as caller: Caller = .admin,
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        try await call(method, uri, body, secret: secrets[caller], headers: headers)
    }

    /// Sends a request with this key and reads the answer.
    func call(
        _ method: HTTPRequest.Method,
        _ uri: String,
        _ body: String? = nil,
        secret: String?,
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        if let secret { headers[.authorization] = "Bearer \(secret)" }
        if body != nil, headers[.contentType] == nil {
            headers[.contentType] = "application/json"
        }
        let sent = headers
        return try await application().test(.router) { client in
            try await client.execute(
                uri: uri,
                method: method,
                headers: sent,
                body: body.map { ByteBuffer(string: $0) }
            ) { response in
                Answer(
                    status: response.status.code,
                    headers: response.headers,
                    text: String(buffer: response.body)
                )
            }
        }
    }

    /// Creates a key and returns its document.
    func create(_ body: String) async throws -> JSONValue {
        try await call(.post, "/v1/keys", body).document
    }

    /// Creates the organisations acme, other and gone, which is deleted; the teams search (of acme),
    /// foreign (of other) and closed (of acme, deleted); the users ann (of acme and search), bob (of
    /// acme) and far (of other).
    func createGroups() async throws {
        let groups = [
            ("organizations", #"{"id":"acme"}"#), ("organizations", #"{"id":"other"}"#),
            ("organizations", #"{"id":"gone"}"#),
            ("teams", #"{"id":"search","organization_id":"acme"}"#),
            ("teams", #"{"id":"foreign","organization_id":"other"}"#),
            ("teams", #"{"id":"closed","organization_id":"acme"}"#),
            ("users", #"{"id":"ann","organization_id":"acme","team_id":"search"}"#),
            ("users", #"{"id":"bob","organization_id":"acme"}"#),
            ("users", #"{"id":"far","organization_id":"other"}"#),
        ]
        for (plural, body) in groups {
            let answer = try await call(.post, "/v1/\(plural)", body)
            try #require(answer.status == 201, "\(answer.text)")
        }
        for path in ["organizations/gone", "teams/closed"] {
            try #require(try await call(.delete, "/v1/\(path)").status == 200)
        }
    }

    /// All lists, to see whether anything has changed.
    func everything() async throws -> [String] {
        var texts: [String] = []
        for list in ["keys", "organizations", "teams", "users", "models", "suppliers"] {
            texts.append(try await call(.get, "/v1/\(list)?limit=1000").text)
        }
        return texts
    }

    /// Records decisions, each a turn of its own.
    func check(_ secret: String, model: String, requestID: String = "") throws -> Verdict {
        let loop = engine.makeLoop()
        loop.beginTurn()
        var request = CheckRequest()
        let key = Array(secret.utf8)
        let name = Array(model.utf8)
        let id = Array(requestID.utf8)
        request.present(key.span)
        try request.set(.model, to: name.span)
        try request.set(.requestID, to: id.span)
        request.tokens = 1500
        request.inputTokens = 500
        request.clientIP = IPAddress("203.0.113.42")
        let verdict = try loop.check(&request)
        _ = try loop.commit()
        return verdict
    }

    /// Reports what a request has used, in a turn of its own.
    func settle(
        _ reservation: ReservationID,
        input: UInt64,
        output: UInt64,
        latency: UInt32,
        billed: [Settlement.Field: String] = [:]
    ) throws {
        let loop = engine.makeLoop()
        loop.beginTurn()
        var settlement = Settlement()
        settlement.reservation = reservation
        settlement.tokens = TokenCounts(input: input, output: output)
        settlement.status = 200
        settlement.latency = latency
        for field in Settlement.Field.allCases {
            let text = billed[field] ?? ""
            _ = settlement.append(field, text.utf8.span)
        }
        _ = try loop.settle(settlement)
        _ = try loop.commit()
    }
}

/// An answer, read.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let text: String

    /// The body; null when it is no JSON.
    var document: JSONValue {
        (try? JSONParser.value(of: Array(text.utf8))) ?? .null
    }

    /// The error's code, and its field if it has one: `unknown_field a.b`.
    var problem: String {
        let error = document["error"] ?? .null
        return [error["code"], error["field"]].compactMap { $0?.string }.joined(separator: " ")
    }

    /// The ids of the keys or the logs in a list.
    var ids: [String] {
        let lists = ["keys", "logs", "organizations", "teams", "users", "models"]
        guard case .array(let elements)? = lists.lazy.compactMap({ document[$0] }).first else {
            return []
        }
        return elements.compactMap { $0["id"]?.string }
    }

    /// The names of the keys in a list.
    var names: [String] {
        guard case .array(let elements) = document["keys"] ?? .null else { return [] }
        return elements.compactMap { $0["name"]?.string }
    }
}

extension JSONValue {
    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}

/// A clock that stands still until it is set.
final class ManualClock: TimeSource {
    /// 2030-01-31T12:00:00Z.
    static let start: Int64 = 1_896_091_200_000

    private let milliseconds = Mutex(ManualClock.start)

    func now() -> Now {
        let milliseconds = milliseconds.withLock { $0 }
        return Now(
            wall: WallTime(milliseconds: milliseconds),
            monotonic: MonotonicTime(nanoseconds: milliseconds &* 1_000_000)
        )
    }

    func advance(seconds: Int64) {
        milliseconds.withLock { $0 += seconds * 1000 }
    }
}
