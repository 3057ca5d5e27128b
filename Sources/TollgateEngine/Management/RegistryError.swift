package import TollgateCore

/// Why an administrator's request was refused.
package enum RegistryError: Error, Equatable, Sendable {
    /// No such key, group or model, or none that the caller may see.
    case notFound
    /// There is a group of this name already.
    case alreadyExists
    /// The secret is another key's already; the field that holds it.
    case secretTaken(field: String)
    /// The group was deleted, which is for good.
    case deleted
    /// A value that cannot be; the field as the API names it, and why.
    case invalid(field: String, String)
    /// A value that the caller may not set.
    case forbidden(field: String, String)
    /// The caller's key may not be used from where it is.
    case addressNotAllowed
    /// The caller's key does not work: it, or a group above it, is disabled, over or revoked.
    case unusable(Reason)
    /// The key or group is not at the version that the caller has seen.
    case changedMeanwhile
    /// The key was revoked, which is for good.
    case revoked
    /// Nobody would be left who can administer.
    case lastAdministrator
    /// The store cannot be read or written now.
    case unavailable
    /// It was done, but it is not known to be recorded.
    case unrecorded

    /// A value that is wider than what the caller may do itself.
    init(_ widening: Widening) {
        self = .forbidden(field: widening.field, widening.problem)
    }
}
