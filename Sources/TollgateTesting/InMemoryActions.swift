internal import Synchronization
package import TollgateEngine

/// A record of actions that a test can read; fails when it is told to.
package final class InMemoryActions: ActionLog {
    private let recorded = Mutex<[ManagementAction]>([])
    private let isBroken = Atomic(false)

    package init() {}

    /// Everything that was recorded, the oldest first.
    package var all: [ManagementAction] { recorded.withLock { $0 } }

    /// Makes every later call fail, or work again.
    package func breaks(_ isBroken: Bool) {
        self.isBroken.store(isBroken, ordering: .relaxed)
    }

    package func prepare() throws(StorageError) {}

    package func record(_ action: ManagementAction) throws(StorageError) {
        if isBroken.load(ordering: .relaxed) { throw StorageError(.io, "broken") }
        recorded.withLock { $0.append(action) }
    }
}
