internal import Synchronization
internal import Testing
internal import TollgateEngine

@testable internal import TollgateStore

@Suite("What is known of the journal's positions")
struct JournalStateTests {
    private func waiter(
        _ position: UInt64,
        _ body: @escaping JournalState.Callback = { _ in }
    ) -> JournalState.Waiter {
        JournalState.Waiter(position: position, callback: body)
    }

    /// A journal that ends at a position, all of it sealed.
    private func state(_ last: UInt64) -> JournalState {
        JournalState(JournalContent(last: last, proven: last, sealed: last, ledger: last))
    }

    private func finish(_ state: inout JournalState, _ position: UInt64) {
        state.finish(position, decisions: 1, bytes: 100, now: { 7 })
    }

    @Test("Readers never pass a position that is still being written")
    func frontier() throws {
        var state = self.state(4)
        #expect(state.frontier == 4)
        #expect(try (state.begin(.first), state.begin(.first), state.begin(.first)) == (5, 6, 7))
        finish(&state, 6)
        #expect(state.frontier == 4)
        finish(&state, 5)
        #expect(state.frontier == 6)
        // Whether a failed one is there is not known; nobody waits for it.
        state.fail(7)
        #expect(state.frontier == 7)
        #expect(state.statistics.failedAppends == 1)
    }

    @Test("What may never have been written is never called durable, nor what comes behind it")
    func proven() throws {
        var state = self.state(4)
        #expect(state.provenPosition == 4)
        for _ in 5...8 { _ = try state.begin(.first) }
        finish(&state, 5)
        _ = state.wait(waiter(6))
        _ = state.wait(waiter(8))
        state.fail(7)
        finish(&state, 8)
        finish(&state, 6)
        #expect(state.synced(upTo: 8, in: .first, nanoseconds: 1).map(\.position) == [6])
        #expect(state.statistics.durablePosition == 6)
        #expect(state.provenPosition == 6)
        #expect(state.projectable == 6)
        #expect(state.endDurability(StorageError(.io, "no")).map(\.position) == [8])
    }

    @Test("A failed write ends the epoch, and the next one begins with what is found")
    func epochs() throws {
        var state = self.state(4)
        #expect(throws: StorageError.self) { try state.begin(JournalEpoch(rawValue: 2)) }
        let position = try state.begin(.first)
        _ = try state.begin(.first)
        state.fail(position)
        #expect(throws: StorageError.self) { try state.begin(.first) }
        #expect(state.hasInFlight)
        finish(&state, 6)
        #expect(!state.hasInFlight)
        _ = state.wait(waiter(6))
        let found = JournalContent(last: 6, proven: 6, sealed: 4, ledger: 6, unsealedBytes: 9)
        #expect(state.beginEpoch(found).map(\.position) == [6])
        let next = JournalEpoch(rawValue: 2)
        #expect(throws: StorageError.self) { try state.begin(.first) }
        #expect(try state.begin(next) == 7)
        // An fsync of the old epoch says nothing about the new one.
        #expect(state.synced(upTo: 7, in: .first, nanoseconds: 1).isEmpty)
        #expect(state.statistics.durablePosition == 6)
        #expect(state.statistics.unsealedBytes == 9)
        #expect(state.statistics.recoveries == 1)
    }

    @Test("Only those whose position is durable are called, in the order of positions")
    func waiters() throws {
        var state = self.state(0)
        for _ in 1...5 { finish(&state, try state.begin(.first)) }
        for position in [4, 1, 3, 2] as [UInt64] {
            guard case .waits = state.wait(waiter(position)) else {
                Issue.record("position \(position) should wait")
                return
            }
        }
        #expect(state.hasUnsynced)
        #expect(state.synced(upTo: 3, in: .first, nanoseconds: 9).map(\.position) == [1, 2, 3])
        #expect(state.synced(upTo: 5, in: .first, nanoseconds: 4).map(\.position) == [4])
        #expect(!state.hasUnsynced)
        #expect(state.statistics.longestSyncNanoseconds == 9)
        #expect(state.statistics.lastSyncNanoseconds == 4)
        guard case .isDurable = state.wait(waiter(5)) else {
            Issue.record("position 5 is durable")
            return
        }
    }

    @Test("After a failed fsync nothing is called durable any more")
    func failedSync() throws {
        var state = self.state(0)
        for _ in 1...3 { finish(&state, try state.begin(.first)) }
        _ = state.synced(upTo: 1, in: .first, nanoseconds: 1)
        _ = state.wait(waiter(3))
        _ = state.wait(waiter(2))
        let error = StorageError(.io, "no more disk")
        #expect(state.endDurability(error).map(\.position) == [2, 3])
        #expect(!state.hasUnsynced)
        #expect(state.statistics.failedSyncs == 1)
        guard case .fails(let failure) = state.wait(waiter(3)) else {
            Issue.record("position 3 can never become durable")
            return
        }
        #expect(failure.code == .io)
        // The first cause stays, also when the journal is closed later.
        _ = state.endDurability(StorageError(.closed, "closed"))
        #expect(state.failure?.code == .io)
    }

    @Test("A stopped journal takes no position, and is quiet once the last one is written")
    func stops() throws {
        var state = self.state(0)
        let position = try state.begin(.first)
        state.stop()
        #expect(throws: StorageError.self) { try state.begin(.first) }
        #expect(!state.isQuiet)
        finish(&state, position)
        #expect(state.isQuiet)
    }

    @Test("The age of unsealed decisions starts with the first one")
    func age() throws {
        var state = self.state(0)
        #expect(state.oldestUnsealed == nil)
        finish(&state, try state.begin(.first))
        state.finish(try state.begin(.first), decisions: 1, bytes: 100, now: { 50 })
        #expect(state.oldestUnsealed == 7)
        state.sealed(upTo: 1, decisions: 1, bytes: 100, now: 60)
        #expect(state.oldestUnsealed == 60)
        state.sealed(upTo: 2, decisions: 1, bytes: 100, now: 70)
        #expect(state.oldestUnsealed == nil)
        #expect(state.statistics.unsealedDecisions == 0)
    }
}
