internal import Synchronization
package import TollgateCore
package import TollgateEngine

/// Models that were set, in memory; fails when it is told to.
package final class InMemoryModels: ModelStore {
    private let models = Mutex<[String: StoredModel]>([:])
    private let isBroken = Atomic(false)

    package init() {}

    /// Makes every later call fail, or work again.
    package func breaks(_ isBroken: Bool) {
        self.isBroken.store(isBroken, ordering: .relaxed)
    }

    private func check() throws(StorageError) {
        if isBroken.load(ordering: .relaxed) { throw StorageError(.io, "broken") }
    }

    package func storedModels() throws(StorageError) -> [StoredModel] {
        try check()
        return models.withLock { models in
            models.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    package func save(_ models: [StoredModel]) throws(StorageError) {
        try check()
        self.models.withLock { stored in
            for model in models { stored[model.id.lowercased()] = model }
        }
    }
}
