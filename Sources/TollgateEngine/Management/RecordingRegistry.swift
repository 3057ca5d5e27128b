internal import TollgateCore
internal import TollgateCrypto

/// What all registries do alike: they change what is stored, and have it recorded.
protocol RecordingRegistry: AnyObject, Sendable {
    /// Where it is recorded what was done.
    var actions: any ActionLog { get }
}

extension RecordingRegistry {
    /// Makes sure that what is done next can be recorded.
    func prepare() throws(RegistryError) {
        do { try actions.prepare() } catch { throw .unavailable }
    }

    /// Writes a change, once it is sure that it can be recorded.
    func save(_ write: () throws -> Void) throws(RegistryError) {
        try prepare()
        do { try write() } catch { throw .unavailable }
    }

    /// Records what was done.
    func note(
        _ name: String,
        by actor: KeyID?,
        on target: String,
        fields: [String] = []
    ) throws(RegistryError) {
        do {
            try actions.record(ManagementAction(name, by: actor, on: target, fields: fields))
        } catch {
            throw .unrecorded
        }
    }

    /// Asks the store for something.
    func storage<Value>(
        _ body: () throws(StorageError) -> Value
    ) throws(RegistryError) -> Value {
        do { return try body() } catch { throw .unavailable }
    }

    /// Bits that nobody can guess.
    func random() throws(RegistryError) -> UInt128 {
        do { return try SecureRandom.uint128() } catch { throw .unavailable }
    }
}
