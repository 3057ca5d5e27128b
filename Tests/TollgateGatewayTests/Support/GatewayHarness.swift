import HTTP2Testing
import NIOEmbedded
import Testing
import TollgateCore
import TollgateCrypto
import TollgateEngine
import TollgateTesting
import TollgateTransport

@testable import TollgateGateway

/// One loop's gateway behind its transport, with everything that it stands on in memory.
final class GatewayHarness {
    let catalogue = InMemoryCatalogue()
    let groups = InMemoryGroups()
    let log = InMemoryJournal()
    let journal: FaultyJournal
    let time = ManualTime()
    let health = HealthState()
    let engine: Engine
    let services: GatewayServices
    let harness: LoopHarness<LoopGateway>
    var service: LoopGateway { harness.service }
    private let digester: SecretDigester

    /// The secret of the key that `addKey` makes by default.
    static let secret = String(
        decoding: KeySecret.issue(environment: "live", entropy: (1, 2)),
        as: UTF8.self
    )

    init(
        waitsForDurability: Bool = false,
        configuration: GatewayConfiguration = GatewayConfiguration()
    ) throws {
        let journal = FaultyJournal(log)
        self.journal = journal
        digester = try SecretDigester(try Pepper(bytes: [UInt8](repeating: 7, count: 32).span))
        let engine = try Engine(
            EngineParts(
                catalogue: catalogue,
                groups: groups,
                journal: journal,
                ledger: log,
                time: time,
                digester: digester,
                prices: .test
            )
        )
        self.engine = engine
        let services = try GatewayServices(
            engine: engine,
            health: health,
            configuration: configuration,
            waitsForDurability: waitsForDurability
        )
        self.services = services
        harness = try GatewayHarness.makeLoop(services)
    }

    private static func makeLoop(
        _ services: GatewayServices
    ) throws -> LoopHarness<LoopGateway> {
        try LoopHarness(methods: GatewayMethod.table()) { loop in LoopGateway(services, on: loop) }
    }

    /// One more loop of the same server.
    func makeLoop() throws -> LoopHarness<LoopGateway> {
        try GatewayHarness.makeLoop(services)
    }

    /// Puts a key into the catalogue.
    @discardableResult
    func addKey(
        _ secret: String = GatewayHarness.secret,
        number: UInt64 = 1,
        _ edit: (inout KeyRecord) throws -> Void = { _ in }
    ) throws -> KeyRecord {
        let digest = digester.digest(of: Array(secret.utf8).span)
        var record = KeyRecord.sample(number, digests: [digest])
        try edit(&record)
        try catalogue.save(record, replacing: nil)
        return record
    }

    /// Puts the key of a block into the catalogue, and the groups that it belongs to.
    @discardableResult
    func addKey(_ example: CaseBlock) throws -> KeyRecord {
        for group in try example.groups(createdAt: time.now().wall) { groups.put(group) }
        return try addKey { try example.edit(&$0) }
    }

    /// Ends the holds whose time is over, and begins anew after a fault, as the server does now and
    /// then.
    func tend() throws {
        try engine.tend(engine.makeLoop())
    }

    /// A client with a connection of its own.
    func client() throws -> GatewayClient {
        GatewayClient(try harness.open(), tick: harness.tick)
    }

    /// One question on a connection of its own, answered.
    func answer(_ method: GatewayMethod, _ message: [UInt8]) throws -> GatewayClient.Answer {
        let client = try client()
        let call = try client.call(method, message)
        return try client.answer(call)
    }
}

/// A client that makes calls and collects what comes back.
final class GatewayClient {
    /// What is known of a call.
    struct Answer {
        /// The value of `grpc-status`; nil while the call is open.
        let status: String?
        let message: String?
        /// The messages that came, without their prefixes.
        let messages: [[UInt8]]
    }

    private let connection: LoopConnection
    private let tick: () -> Void
    private var frames: [ReceivedFrame] = []
    private var nextStream = 1

    init(_ connection: LoopConnection, tick: @escaping () -> Void) {
        self.connection = connection
        self.tick = tick
    }

    /// Sends a whole call, without letting the loop go on.
    func send(_ method: GatewayMethod, _ message: [UInt8]) throws -> Int {
        let stream = open()
        try connection.send(
            RawFrames.unary(stream, message, [(":path", GatewayClient.path(method))])
        )
        return stream
    }

    /// Sends a whole call and lets the loop go on.
    func call(_ method: GatewayMethod, _ message: [UInt8]) throws -> Int {
        let stream = try send(method, message)
        tick()
        return stream
    }

    /// Begins a streaming call with some messages.
    func begin(
        _ method: GatewayMethod,
        _ messages: [[UInt8]] = [],
        ends: Bool = false
    ) throws -> Int {
        let stream = open()
        let fields = RawFrames.fields(GatewayClient.path(method))
        try connection.send(RawFrames.headers(stream, fields, ends: ends && messages.isEmpty))
        for (index, message) in messages.enumerated() {
            try send(message, on: stream, ends: ends && index == messages.count - 1)
        }
        tick()
        return stream
    }

    /// Sends one more message of a streaming call.
    func send(_ message: [UInt8], on stream: Int, ends: Bool = false) throws {
        try connection.send(RawFrames.data(stream, RawFrames.message(message), ends: ends))
        tick()
    }

    /// Says that everything of a streaming call was sent.
    func end(_ stream: Int) throws {
        try connection.send(RawFrames.data(stream, [], ends: true))
        tick()
    }

    /// Gives a call up.
    func cancel(_ stream: Int) throws {
        try connection.send(RawFrames.reset(stream))
        tick()
    }

    /// What has come back for a call until now.
    func answer(_ stream: Int) throws -> Answer {
        frames += try connection.received()
        var messages: [[UInt8]] = []
        var rest = frames.body(stream)[...]
        while rest.count >= 5 {
            let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            messages.append(Array(rest.dropFirst(5).prefix(length)))
            rest = rest.dropFirst(5 + length)
        }
        let trailers = frames.ofKind(.headers, stream: stream)
        return Answer(
            status: frames.status(stream),
            message: trailers.compactMap { $0.fields["grpc-message"] }.last,
            messages: messages
        )
    }

    /// The calls in the order in which they were answered.
    func order() throws -> [Int] {
        frames += try connection.received()
        return frames.filter { $0.ends }.map(\.stream)
    }

    /// How the calls ended, in the order in which they did.
    func statuses() throws -> [String] {
        frames += try connection.received()
        return frames.compactMap { $0.fields["grpc-status"] }
    }

    private func open() -> Int {
        defer { nextStream += 2 }
        return nextStream
    }

    private static func path(_ method: GatewayMethod) -> String {
        "\(method.method.path)"
    }
}
