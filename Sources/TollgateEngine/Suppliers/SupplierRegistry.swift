internal import Synchronization
package import TollgateCore
package import TollgateCrypto

/// Everything an administrator does with suppliers.
///
/// Safe from any thread. Reading never waits for the disk; changing does, and is never done on an
/// event loop. Changes are made one at a time; each is stored, durably, and in the catalogue that
/// requests go by when the method returns. Credentials go in and never come out again but in that
/// catalogue.
package final class SupplierRegistry: RecordingRegistry {
    /// The most suppliers that are taken.
    package static let countLimit = 1000

    private let store: any SupplierStore
    private let vault: SupplierVault
    private let time: any TimeSource
    let actions: any ActionLog
    private let onChange: @Sendable (SupplierCatalogue) -> Void
    private let changing = Mutex(())
    private let state: Mutex<State>

    fileprivate struct State {
        var records: [String: SupplierRecord]
        var catalogue: SupplierCatalogue
        var unreadable: [String]
    }

    /// Reads what is stored.
    ///
    /// - Parameters:
    ///   - store: where suppliers are kept.
    ///   - box: encrypts their credentials.
    ///   - time: the clocks.
    ///   - actions: where it is recorded what was done.
    ///   - onChange: called with each new catalogue, one after another.
    /// - Throws: `.unavailable` when the store cannot be read.
    package init(
        store: any SupplierStore,
        box: SecretBox,
        time: any TimeSource,
        actions: any ActionLog,
        onChange: @escaping @Sendable (SupplierCatalogue) -> Void = { _ in }
    ) throws(RegistryError) {
        self.store = store
        vault = SupplierVault(box: box)
        self.time = time
        self.actions = actions
        self.onChange = onChange
        var records: [String: SupplierRecord] = [:]
        do {
            for record in try store.storedSuppliers() { records[record.name] = record }
        } catch {
            throw .unavailable
        }
        state = Mutex(try State(compiling: records, with: vault))
    }

    /// The suppliers that are enabled, as they are now.
    package var catalogue: SupplierCatalogue { state.withLock { $0.catalogue } }

    /// The names of those whose credentials cannot be read: they were made under another pepper.
    ///
    /// These are in no catalogue until they get a credential again.
    package var unreadable: [String] { state.withLock { $0.unreadable } }

    /// All suppliers, by name.
    package var records: [SupplierRecord] {
        state.withLock { $0.records.values.sorted { $0.name < $1.name } }
    }

    /// Tells one content of the list from another.
    package var version: UInt64 {
        var hash = ContentHash()
        for record in records {
            hash.add(record.name)
            hash.add(record.version)
        }
        return hash.value
    }

    /// The supplier of this name.
    package func supplier(_ name: String) throws(RegistryError) -> SupplierRecord {
        guard let record = state.withLock({ $0.records[name] }) else { throw .notFound }
        return record
    }

    /// Adds suppliers, or replaces those of the same names; all or none.
    ///
    /// A replaced one keeps its credential unless another is said, or none.
    ///
    /// - Parameters:
    ///   - suppliers: which, and what they are to be.
    ///   - version: the version of the list that the caller has seen; nil to change whatever is there.
    ///   - actor: who does it.
    /// - Returns: the records as they are now.
    /// - Throws: `.invalid` with the field of the first that cannot be, `.changedMeanwhile`,
    ///   `.unavailable` or `.unrecorded`.
    package func put(
        _ suppliers: [(name: String, changes: SupplierChanges)],
        version: UInt64?,
        by actor: Principal?
    ) throws(RegistryError) -> [SupplierRecord] {
        try changing.withLock { (_) throws(RegistryError) in
            if let version, version != self.version { throw .changedMeanwhile }
            var records: [SupplierRecord] = []
            // In small letters: capitals make no other supplier.
            var names: Set<String> = []
            for (index, supplier) in suppliers.enumerated() {
                let path = "suppliers[\(index)]."
                guard names.insert(supplier.name.lowercased()).inserted else {
                    throw .invalid(field: path + "name", "is there twice")
                }
                records.append(try replacement(supplier.name, supplier.changes, at: path))
            }
            let known = state.withLock { $0.records }
            let isNew = Set(records.map(\.name).filter { known[$0] == nil })
            guard known.count + isNew.count <= Self.countLimit else {
                throw .invalid(field: "suppliers", "would be more than \(Self.countLimit)")
            }
            try save(records)
            for (record, supplier) in zip(records, suppliers) {
                let name = isNew.contains(record.name) ? "supplier.created" : "supplier.updated"
                let fields = supplier.changes.fields
                try note(name, by: actor?.keyID, on: record.name, fields: fields)
            }
            return records
        }
    }

    /// Changes a supplier.
    ///
    /// - Parameters:
    ///   - name: which.
    ///   - version: the version that the caller has seen; nil to change whatever is there.
    ///   - changes: what is to be different.
    ///   - actor: who does it.
    /// - Returns: the record as it is now.
    /// - Throws: any `RegistryError`; then nothing has changed, but for `.unrecorded`.
    package func update(
        _ name: String,
        version: UInt64?,
        _ changes: SupplierChanges,
        by actor: Principal?
    ) throws(RegistryError) -> SupplierRecord {
        try changing.withLock { (_) throws(RegistryError) in
            let old = try supplier(name)
            if let version, version != old.version { throw .changedMeanwhile }
            var record = old
            try changes.apply(to: &record, at: "")
            record = try finish(record, over: old, changes, at: "")
            try save([record])
            try note("supplier.updated", by: actor?.keyID, on: name, fields: changes.fields)
            return record
        }
    }

    /// Forgets a supplier and its credential for good.
    ///
    /// - Parameters:
    ///   - name: which.
    ///   - version: the version that the caller has seen; nil to forget whatever is there.
    ///   - actor: who does it.
    /// - Throws: any `RegistryError`; then it is still there, unless the store is `.unavailable` or
    ///   the removal `.unrecorded`.
    package func remove(
        _ name: String,
        version: UInt64?,
        by actor: Principal?
    ) throws(RegistryError) {
        try changing.withLock { (_) throws(RegistryError) in
            let old = try supplier(name)
            if let version, version != old.version { throw .changedMeanwhile }
            try save { try store.removeSupplier(name) }
            var records = state.withLock { $0.records }
            records[name] = nil
            try publish(records)
            try note("supplier.deleted", by: actor?.keyID, on: name)
        }
    }

    // MARK: Changing

    private func replacement(
        _ name: String,
        _ changes: SupplierChanges,
        at path: String
    ) throws(RegistryError) -> SupplierRecord {
        guard GroupID.isName(name) else {
            throw .invalid(field: path + "name", GroupID.nameRule)
        }
        guard let provider = changes.provider else {
            throw .invalid(field: path + "provider", "is missing")
        }
        guard let baseURL = changes.baseURL else {
            throw .invalid(field: path + "base_url", "is missing")
        }
        let old = state.withLock { $0.records[name] }
        try requireDistinct(name, old, at: path)
        var record = SupplierRecord(
            name: name,
            provider: provider,
            baseURL: baseURL,
            createdAt: old?.createdAt ?? time.now().wall
        )
        record.credential = old?.credential
        try changes.apply(to: &record, at: path)
        return try finish(record, over: old, changes, at: path)
    }

    /// Makes sure that a new name is not that of another but for capitals: requests find suppliers
    /// without regard to them.
    private func requireDistinct(
        _ name: String,
        _ old: SupplierRecord?,
        at path: String
    ) throws(RegistryError) {
        let lowered = name.lowercased()
        let isTaken = state.withLock { state in
            state.records.keys.contains { $0 != name && $0.lowercased() == lowered }
        }
        if old == nil, isTaken {
            throw .invalid(field: path + "name", "differs from another in capitals only")
        }
    }

    /// Counts the change, and encrypts the credential for what the record is now.
    private func finish(
        _ record: SupplierRecord,
        over old: SupplierRecord?,
        _ changes: SupplierChanges,
        at path: String
    ) throws(RegistryError) -> SupplierRecord {
        var record = record
        record.version = (old?.version ?? 0) &+ 1
        record.updatedAt = time.now().wall
        switch changes.credential {
        case .some(nil): record.credential = nil
        case .some(.some(let credential)):
            try credential.check(at: path + "credential.")
            record.credential = try vault.seal(credential.value, credential.form, for: record)
        case nil:
            guard let old, let kept = old.credential else { break }
            // Whoever may change the address shall not learn the credential by sending it there.
            guard record.isAtSamePlace(as: old) else {
                throw .invalid(
                    field: path + "credential",
                    "is needed again when the host of base_url, or host_header, changes"
                )
            }
            guard let value = try vault.credential(of: old) else { break }
            record.credential = try vault.seal(value, kept.form, for: record)
        }
        return record
    }

    private func save(_ records: [SupplierRecord]) throws(RegistryError) {
        try save { try store.save(records) }
        var all = state.withLock { $0.records }
        for record in records { all[record.name] = record }
        try publish(all)
    }

    private func publish(_ records: [String: SupplierRecord]) throws(RegistryError) {
        let new = try State(compiling: records, with: vault)
        state.withLock { $0 = new }
        onChange(new.catalogue)
    }
}

extension SupplierRegistry.State {
    /// Makes the catalogue of some records.
    fileprivate init(
        compiling records: [String: SupplierRecord],
        with vault: SupplierVault
    ) throws(RegistryError) {
        var suppliers: [Supplier] = []
        var unreadable: [String] = []
        for record in records.values {
            let value = try vault.credential(of: record)
            if record.credential != nil, value == nil { unreadable.append(record.name) }
            guard record.isEnabled, record.credential == nil || value != nil else { continue }
            let host = try WebAddress(record.baseURL, at: "base_url").host
            let supplier = Supplier(
                record,
                host: record.hostHeader ?? host,
                header: record.credential.flatMap { credential in
                    value.map { SupplierChanges.Credential.header(credential.form, $0) }
                }
            )
            if let supplier { suppliers.append(supplier) }
        }
        self.records = records
        catalogue = SupplierCatalogue(suppliers, isInForce: !records.isEmpty)
        self.unreadable = unreadable.sorted()
    }
}
