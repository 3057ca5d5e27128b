/// What a supplier serves, as a decision reads it: all of a supplier but its address and credential.
///
/// Compiled once and never changed afterwards.
package final class SupplierOffer: Sendable {
    package let name: String
    package let provider: String
    /// Where it computes; empty when that is not known.
    package let region: String
    /// The models that it serves; empty for all of its provider.
    package let models: [Pattern]

    /// Compiles what was set up; nil when a model in it is no pattern, which only a damaged store has.
    package init?(_ record: SupplierRecord) {
        models = record.models.compactMap { Pattern($0) }
        guard models.count == record.models.count else { return nil }
        name = record.name
        provider = record.provider
        region = record.region
    }

    /// Whether it serves what a request names.
    ///
    /// A supplier with a list of models may serve those of any maker; a provider that the proxy names
    /// must be its own all the same. So must a region: a request cannot be in two.
    func serves(_ request: borrowing CheckRequest) -> Bool {
        if request.isUnreadable(.supplier) || request.isUnreadable(.model) { return false }
        if !models.isEmpty, !servesModel(of: request) { return false }
        let isProviderMeant = models.isEmpty || !request.isProviderOfModel
        if isProviderMeant, !isEqual(provider, request[.provider]) { return false }
        return region.isEmpty || isEqual(region, request[.region])
    }

    private func servesModel(of request: borrowing CheckRequest) -> Bool {
        if !request.has(.model), Decide.isListing(request) { return true }
        return serves(request[.model], request.modelNames)
            && (request.otherModel.isEmpty || serves(request.otherModel, request.otherModelNames))
    }

    private func serves(_ model: Span<UInt8>, _ names: [[UInt8]]) -> Bool {
        models.matchAny(model) || models.contains { $0.matchesAny(names) }
    }

    private func isEqual(_ name: String, _ other: Span<UInt8>) -> Bool {
        Text.equalIgnoringCase(name.utf8.span, other)
    }
}

/// What is known of the supplier that a request is to go to.
package enum RequestSupplier: Sendable {
    /// Nothing that would matter: none is meant, or none is set up and its name is but a label.
    case any
    /// One is meant that is not set up, or disabled.
    case unknown
    case known(SupplierOffer)

    /// Why a request cannot go there, whoever asks; nil when it can.
    func denial(of request: borrowing CheckRequest) -> Reason? {
        switch self {
        case .any: nil
        case .unknown: .supplierNotAllowed
        case .known(let offer): offer.serves(request) ? nil : .supplierNotAllowed
        }
    }
}

extension CheckRequest {
    /// Fills in what follows from the supplier that the request goes to, and it does not say: the
    /// supplier's name, its provider, its region.
    package mutating func complete(with supplier: SupplierOffer) throws(Problem) {
        if !has(.supplier) { try set(.supplier, to: supplier.name.utf8.span) }
        if !has(.provider) { try set(.provider, to: supplier.provider.utf8.span) }
        if !has(.region) { try set(.region, to: supplier.region.utf8.span) }
    }
}
