internal import TollgateCore
package import TollgateEngine

/// What the management listener works with; put together by the server.
package struct AdminServices: Sendable {
    let registry: KeyRegistry
    let groups: GroupRegistry
    let models: ModelRegistry
    let suppliers: SupplierRegistry
    let auditLog: any AuditLog
    let engine: Engine
    let time: any TimeSource
    let version: String
    /// What other rooms count; called for each scrape, on a thread that may wait.
    package var metrics: @Sendable () -> [MetricFamily] = { [] }
    /// Whether decisions can be made now; called likewise.
    package var readiness: @Sendable () -> Readiness = { Readiness() }
    /// Makes backups; nil where there is nothing to be backed up.
    package var backups: (any BackupSource)?
    /// What clients are told of a decision.
    let telling: @Sendable (Simulation) -> ClientAnswer
    /// Webhooks and what came of notices; nil where nobody is told anything.
    package var webhooks: WebhookServices?
    /// Counts what is answered.
    let requests = RequestTally()
    /// What was answered to requests that may be repeated.
    let answers: AnswerMemory

    /// Takes the parts.
    ///
    /// - Parameters:
    ///   - registry: manages the keys.
    ///   - groups: manages organisations, teams and users.
    ///   - models: manages the models.
    ///   - suppliers: manages the suppliers.
    ///   - auditLog: where recorded decisions are read.
    ///   - engine: whose decisions `/metrics` counts, and which knows what was used.
    ///   - time: the clocks by which keys expire.
    ///   - version: that of the program, for `/metrics`.
    ///   - answers: what was answered to requests that may be repeated; one for all faces.
    ///   - telling: what clients are told of a decision; of a limit's state only the reason, unless
    ///     whoever answers them says more.
    package init(
        registry: KeyRegistry,
        groups: GroupRegistry,
        models: ModelRegistry,
        suppliers: SupplierRegistry,
        auditLog: any AuditLog,
        engine: Engine,
        time: any TimeSource,
        version: String,
        answers: AnswerMemory = AnswerMemory(),
        telling: @escaping @Sendable (Simulation) -> ClientAnswer = { simulation in
            let reason = simulation.verdict.reason
            return ClientAnswer(status: reason.httpStatus, message: "\(reason.message)")
        }
    ) {
        self.registry = registry
        self.groups = groups
        self.models = models
        self.suppliers = suppliers
        self.auditLog = auditLog
        self.engine = engine
        self.time = time
        self.version = version
        self.answers = answers
        self.telling = telling
    }
}

/// What a client is told of a decision.
package struct ClientAnswer: Sendable {
    /// The HTTP status.
    package let status: UInt16
    /// One sentence for a person.
    package let message: String

    package init(status: UInt16, message: String) {
        self.status = status
        self.message = message
    }
}

/// Whether the server can decide, and if not, why.
package struct Readiness: Equatable, Sendable {
    /// What is in the way, each as a stable word: `not_serving`, `journal`, `store`.
    package let obstacles: [String]

    /// The server does not serve yet, or not any more.
    package static let stopping = "not_serving"

    package init(obstacles: [String] = []) {
        self.obstacles = obstacles
    }

    package var isReady: Bool { obstacles.isEmpty }
}
