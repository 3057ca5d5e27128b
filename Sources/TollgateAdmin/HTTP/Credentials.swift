internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// Finds out who calls.
///
/// The key is looked up for every request, so that a revocation counts for the next one.
enum Credentials {
    private static let keyHeader = HTTPField.Name("x-api-key")

    /// Who presents the key in these headers.
    ///
    /// - Parameters:
    ///   - headers: those of the request.
    ///   - address: that of the connection, whatever a header says.
    ///   - registry: where keys are found.
    /// - Returns: whose key was presented.
    /// - Throws: 401 when there is none, or one that does not work, for the reason that a decision
    ///   would give. 403 when it works, but not from this address.
    static func principal(
        _ headers: HTTPFields,
        from address: IPAddress?,
        _ registry: KeyRegistry
    ) throws(APIError) -> Principal {
        let secret = try secret(in: headers)
        let principal = try APIError.translating { () throws(RegistryError) in
            try registry.principal(presenting: secret, from: address)
        }
        guard let principal else { throw .unauthorized(.invalidAPIKey) }
        return principal
    }

    /// The one secret in `authorization: Bearer` (RFC 6750 section 2.1) or `x-api-key`.
    private static func secret(in headers: HTTPFields) throws(APIError) -> String {
        var secrets = keyHeader.map { headers[values: $0] } ?? []
        for value in headers[values: .authorization] {
            let parts = value.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else {
                throw .unauthorized(.invalidAPIKey)
            }
            secrets.append(parts[1].drop { $0 == " " }.description)
        }
        guard let secret = secrets.first else { throw .unauthorized(.missingAPIKey) }
        guard secrets.allSatisfy({ $0.utf8.elementsEqual(secret.utf8) }) else {
            throw .unauthorized(.ambiguousCredentials)
        }
        return secret
    }
}
