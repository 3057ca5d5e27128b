/// A named endpoint of a provider, as an administrator has set it.
package struct SupplierRecord: Equatable, Sendable {
    /// As requests and models name it: `openai-eu`.
    package var name: String
    /// Whose endpoint it is: `openai`.
    package var provider: String
    /// Where it computes; empty when that is not known.
    package var region = ""
    /// Where it is: `https://eu.api.openai.com/v1`.
    package var baseURL: String
    /// What `host` says to it; nil for the host of the URL.
    package var hostHeader: String?
    /// How it knows us; nil when it does not ask.
    package var credential: SealedCredential?
    package var isEnabled = true
    /// The models that it serves, `*` standing for anything; empty for all of its provider.
    package var models: [String] = []
    /// Counts the changes, from 1.
    package var version: UInt64 = 1
    package var createdAt: WallTime
    package var updatedAt: WallTime

    package init(name: String, provider: String, baseURL: String, createdAt: WallTime) {
        self.name = name
        self.provider = provider
        self.baseURL = baseURL
        self.createdAt = createdAt
        updatedAt = createdAt
    }
}

/// A credential that only the holder of the pepper can read.
package struct SealedCredential: Equatable, Sendable {
    package var form: CredentialForm
    /// The value, encrypted.
    package var box: [UInt8]

    package init(form: CredentialForm, box: [UInt8]) {
        self.form = form
        self.box = box
    }
}

/// How a credential is shown to a supplier.
package enum CredentialForm: Equatable, Sendable {
    /// `authorization: Bearer VALUE`.
    case bearer
    /// A header of this name, in small letters, with the value as it is.
    case header(String)
    /// `authorization: Basic`, the value being `user:password`.
    case basic

    /// As callers of the API name it.
    package var name: String {
        switch self {
        case .bearer: "bearer"
        case .header: "header"
        case .basic: "basic"
        }
    }
}
