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

    private func finish(_ state: inout JournalState, _ position: UInt64) {
        state.finish(position, decisions: 1, bytes: 100, now: { 7 })
    }

    @Test("Readers never pass a position that is still being written")
    func frontier() throws {
        var state = JournalState(last: 4, sealed: 4)
        #expect(state.frontier == 4)
        #expect(try (state.begin(), state.begin(), state.begin()) == (5, 6, 7))
        finish(&state, 6)
        #expect(state.frontier == 4)
        finish(&state, 5)
        #expect(state.frontier == 6)
        // Whether a failed one is there is not known; nobody waits for it.
        state.fail(7)
        #expect(state.frontier == 7)
        #expect(state.statistics.failedAppends == 1)
    }

    @Test("What may never have been written is not proven to be there")
    func proven() throws {
        var state = JournalState(last: 4, sealed: 4)
        #expect(state.provenPosition == 4)
        finish(&state, try state.begin())
        for _ in 6...8 { state.fail(try state.begin()) }
        _ = state.synced(upTo: state.frontier, nanoseconds: 1)
        #expect(state.statistics.durablePosition == 8)
        #expect(state.provenPosition == 5, "a store that ends at 5 has lost nothing")
        finish(&state, try state.begin())
        _ = state.synced(upTo: 7, nanoseconds: 1)
        #expect(state.provenPosition == 5)
        _ = state.synced(upTo: 9, nanoseconds: 1)
        #expect(state.provenPosition == 9)
    }

    @Test("Only those whose position is durable are called, in the order of positions")
    func waiters() throws {
        var state = JournalState(last: 0, sealed: 0)
        for _ in 1...5 { finish(&state, try state.begin()) }
        for position in [4, 1, 3, 2] as [UInt64] {
            guard case .waits = state.wait(waiter(position)) else {
                Issue.record("position \(position) should wait")
                return
            }
        }
        #expect(state.hasUnsynced)
        #expect(state.synced(upTo: 3, nanoseconds: 9).map(\.position) == [1, 2, 3])
        #expect(state.synced(upTo: 5, nanoseconds: 4).map(\.position) == [4])
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
        var state = JournalState(last: 0, sealed: 0)
        for _ in 1...3 { finish(&state, try state.begin()) }
        _ = state.synced(upTo: 1, nanoseconds: 1)
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
        var state = JournalState(last: 0, sealed: 0)
        let position = try state.begin()
        state.stop()
        #expect(throws: StorageError.self) { try state.begin() }
        #expect(!state.isQuiet)
        finish(&state, position)
        #expect(state.isQuiet)
    }

    @Test("The age of unsealed decisions starts with the first one")
    func age() throws {
        var state = JournalState(last: 0, sealed: 0)
        #expect(state.oldestUnsealed == nil)
        finish(&state, try state.begin())
        state.finish(try state.begin(), decisions: 1, bytes: 100, now: { 50 })
        #expect(state.oldestUnsealed == 7)
        state.sealed(upTo: 1, decisions: 1, bytes: 100, now: 60)
        #expect(state.oldestUnsealed == 60)
        state.sealed(upTo: 2, decisions: 1, bytes: 100, now: 70)
        #expect(state.oldestUnsealed == nil)
        #expect(state.statistics.unsealedDecisions == 0)
    }
}
