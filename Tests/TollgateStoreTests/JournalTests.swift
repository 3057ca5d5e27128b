internal import Dispatch
internal import Synchronization
internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

@Suite("The journal")
struct JournalTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open(_ name: String = "data", _ options: StoreOptions) throws -> Store {
        try Store(directory: directory.path(name), options: options)
    }

    private func open(_ name: String = "data") throws -> Store {
        try open(name, Samples.options)
    }

    private func block(_ request: String) -> [UInt8] {
        BlockBuilder.block(at: 5, [Decision(requestID: request)])
    }

    private func requests(_ log: some AuditLog) throws -> [String] {
        try log.all(AuditQuery()).map { $0[.requestID] }
    }

    @Test("counts positions from 1, and goes on counting after a restart")
    func positionsGrow() throws {
        let first = try open()
        #expect(try (1...3).map { try first.append(block("\($0)")) } == [1, 2, 3])
        first.close()
        let second = try open()
        #expect(try second.append(block("4")) == 4)
        try second.seal()
        second.close()
        // Now the journal itself is empty, and only the sealed position tells.
        let third = try open()
        #expect(try third.append(block("5")) == 5)
        #expect(try requests(third) == ["5", "4", "3", "2", "1"])
    }

    @Test("has every appended block after the process was killed at any moment")
    func survivesKill() throws {
        let store = try open()
        for number in 1...20 {
            try store.append(block("\(number)"))
            if number.isMultiple(of: 4) {
                try directory.copy("data", to: "copy")
                let copy = try open("copy")
                #expect(try requests(copy) == (1...number).reversed().map(String.init))
            }
        }
    }

    @Test("takes blocks from many threads and loses none")
    func concurrentAppends() throws {
        let store = try open()
        let positions = Mutex<Set<UInt64>>([])
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<100 {
                let position = try? store.append(block("\(thread)-\(number)"))
                if let position { positions.withLock { _ = $0.insert(position) } }
            }
        }
        #expect(positions.withLock { $0 } == Set(1...800))
        #expect(try Set(requests(store)).count == 800)
        #expect(store.statistics.appendedDecisions == 800)
    }

    @Test(
        "says when a position is durable, in order",
        arguments: [StoreOptions.Durability.process, .power]
    )
    func durable(durability: StoreOptions.Durability) throws {
        var options = Samples.options
        options.durability = durability
        let store = try open("data", options)
        let called = Mutex<[UInt64]>([])
        let done = DispatchSemaphore(value: 0)
        for number in 1...50 {
            let position = try store.append(block("\(number)"))
            store.whenDurable(JournalPosition(rawValue: position)) { [store] error in
                #expect(error == nil)
                #expect(store.statistics.durablePosition >= position)
                called.withLock { $0.append(position) }
                done.signal()
            }
        }
        for _ in 1...50 { done.wait() }
        // A position that is durable when it is asked about is told on the asking thread, which may
        // overtake the syncing thread's calls; each of the two keeps the order.
        #expect(called.withLock { $0.sorted() } == Array(1...50))
        #expect(store.statistics.syncs > 0)
    }

    @Test("calls back every waiter when it is closed, and takes no block afterwards")
    func closes() throws {
        var options = Samples.options
        options.syncInterval = 60_000
        let store = try open("data", options)
        let results = Mutex<[Bool]>([])
        for number in 1...3 {
            let position = JournalPosition(rawValue: try store.append(block("\(number)")))
            store.whenDurable(position) { error in results.withLock { $0.append(error == nil) } }
        }
        store.close()
        store.close()
        #expect(results.withLock { $0 } == [true, true, true])
        #expect(performing: { try store.append(block("4")) }, throws: { isClosed($0) })
        #expect(performing: { try store.page(AuditQuery()) }, throws: { isClosed($0) })
        #expect(performing: { try store.isEmpty() }, throws: { isClosed($0) })
        let never = JournalPosition(rawValue: 99)
        store.whenDurable(never) { error in results.withLock { $0.append(error == nil) } }
        #expect(results.withLock { $0 } == [true, true, true, false])
    }

    @Test("refuses bytes that are no block, and nothing is appended")
    func refusesNonsense() throws {
        let store = try open()
        #expect(throws: StorageError.self) { try store.append([]) }
        #expect(throws: StorageError.self) { try store.append([UInt8](repeating: 9, count: 64)) }
        #expect(store.statistics.position == 0)
    }

    private func isClosed(_ error: any Error) -> Bool {
        (error as? StorageError)?.code == .closed
    }
}
