internal import Synchronization
package import TollgateCore
package import TollgateEngine

/// Suppliers in memory; fails when it is told to.
package final class InMemorySuppliers: SupplierStore {
    private let suppliers = Mutex<[String: SupplierRecord]>([:])
    private let isBroken = Atomic(false)

    package init() {}

    /// Makes every later call fail, or work again.
    package func breaks(_ isBroken: Bool) {
        self.isBroken.store(isBroken, ordering: .relaxed)
    }

    private func check() throws(StorageError) {
        if isBroken.load(ordering: .relaxed) { throw StorageError(.io, "broken") }
    }

    package func storedSuppliers() throws(StorageError) -> [SupplierRecord] {
        try check()
        return suppliers.withLock { $0.values.sorted { $0.name < $1.name } }
    }

    package func save(_ suppliers: [SupplierRecord]) throws(StorageError) {
        try check()
        self.suppliers.withLock { stored in
            for supplier in suppliers { stored[supplier.name] = supplier }
        }
    }

    package func removeSupplier(_ name: String) throws(StorageError) {
        try check()
        suppliers.withLock { $0[name] = nil }
    }
}
