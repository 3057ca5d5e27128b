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
    /// - Throws: 422 when they are too many to be told apart from the others.
    func visibleKeys(_ services: AdminServices) throws(APIError) -> Set<KeyID>? {
        if principal.seesEverything { return nil }
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
}
