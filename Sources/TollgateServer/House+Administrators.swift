internal import Logging
internal import TollgateCore
internal import TollgateEngine

/// The administrators that a server makes by itself.
extension House {
    /// Makes sure that the secret that the operator chose, if any, is an administrator's.
    func registerAdministrator() throws(ServerError) {
        guard let secret = configuration.adminKey else { return }
        try register(secret)
    }

    /// Makes the first administrator of a store without keys, which is announced this once.
    ///
    /// To be called when nothing else can stop the start: nobody sees the key of one that failed.
    ///
    /// - Throws: also when the key cannot be announced; then there is no such key, and the next start
    ///   makes another.
    func createFirstAdministrator(announce: (String) throws -> Void) throws(ServerError) {
        let secret = try administer { () throws(RegistryError) -> String? in
            try registry.firstAdministratorSecret()
        }
        guard let secret else { return }
        do {
            try announce("tollgate admin-key \(secret)")
        } catch {
            throw ServerError(
                "the first administrator's key cannot be shown, so none was made: \(error)"
            )
        }
        try register(secret)
    }

    private func register(_ secret: String) throws(ServerError) {
        try administer { () throws(RegistryError) -> Void in
            guard let record = try registry.registerAdministrator(secret: secret) else { return }
            log.info("administrator registered", metadata: ["key_id": "\(record.id)"])
        }
    }

    private func administer<Value>(
        _ body: () throws(RegistryError) -> Value
    ) throws(ServerError) -> Value {
        do {
            return try body()
        } catch {
            throw ServerError("the administrator cannot be registered: \(error)")
        }
    }
}
