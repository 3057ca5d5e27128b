package import TollgateCore
package import TollgateEngine

extension Store: SupplierStore {
    package func storedSuppliers() throws(StorageError) -> [SupplierRecord] {
        try suppliers.all()
    }

    package func save(_ suppliers: [SupplierRecord]) throws(StorageError) {
        try healIfNeeded()
        try self.suppliers.save(suppliers)
    }

    package func removeSupplier(_ name: String) throws(StorageError) {
        try healIfNeeded()
        try suppliers.remove(name)
    }
}
