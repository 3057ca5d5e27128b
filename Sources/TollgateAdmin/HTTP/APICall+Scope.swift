internal import TollgateCore
internal import TollgateEngine

extension APICall {
    /// Makes sure that the caller's key is bound to no organisation: for what concerns everyone.
    func expectSeesEverything() throws(APIError) {
        guard principal.seesEverything else { throw .outOfScope }
    }

    /// The most keys that a caller may see who does not see all.
    private static let visibleLimit = 100_000

    /// The keys that the caller sees; nil for all.
    ///
    /// - Parameters:
    ///   - services: where keys are found.
    ///   - only: the only key that matters, so that no other has to be looked at; nil for any.
    /// - Returns: the keys.
    /// - Throws: 422 when they are too many to be told apart from the others.
    func visibleKeys(
        _ services: AdminServices,
        among only: KeyID? = nil
    ) throws(APIError) -> Set<KeyID>? {
        if principal.seesEverything { return nil }
        if let only { return try sees(only, services) ? [only] : [] }
        var keys: Set<KeyID> = []
        var cursor: KeyID?
        repeat {
            let page = try APIError.translating { () throws(RegistryError) in
                try services.registry.keys(after: cursor, limit: 1000, seenBy: principal) { _ in
                    true
                }
            }
            keys.formUnion(page.records.map(\.id))
            guard keys.count <= APICall.visibleLimit else {
                throw .contradiction("key_id", "is required: you see too many keys")
            }
            cursor = page.next
        } while cursor != nil
        return keys
    }

    private func sees(_ id: KeyID, _ services: AdminServices) throws(APIError) -> Bool {
        do {
            _ = try services.registry.key(id, seenBy: principal)
            return true
        } catch .notFound {
            return false
        } catch {
            throw APIError(error)
        }
    }
}
