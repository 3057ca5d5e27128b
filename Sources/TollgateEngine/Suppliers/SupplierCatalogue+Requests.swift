internal import TollgateCore

/// Where requests go.
extension SupplierCatalogue {
    /// Finds the supplier that a request is to go to, and fills in what follows from it.
    ///
    /// That is the one that the proxy names, else the only one that the key, or a group above it, may
    /// use. Allocates nothing, and does nothing at all where no suppliers are set up.
    ///
    /// - Parameters:
    ///   - request: the question.
    ///   - subject: the key that asks.
    ///   - models: what is known of models, and of their suppliers' regions.
    /// - Returns: what the decision has to know, and the supplier itself if there is one.
    func direct(
        _ request: inout CheckRequest,
        by subject: DecisionSubject,
        _ models: ModelCatalogue
    ) -> (known: RequestSupplier, supplier: Supplier?) {
        guard isInForce else { return (.any, nil) }
        let isNamed = request.has(.supplier)
        let found: Supplier?
        if isNamed {
            found = self[request[.supplier]]
        } else {
            guard let only = subject.onlySupplier else { return (.any, nil) }
            found = self[only.text]
        }
        guard let supplier = found else { return (.unknown, nil) }
        do {
            try request.complete(with: supplier.offer, isNamed: isNamed, models)
        } catch {
            request.markUnreadable(.supplier)
        }
        return (.known(supplier.offer), supplier)
    }
}

extension CheckRequest {
    /// Fills in what follows from a supplier; where it serves a model, the model says it best.
    fileprivate mutating func complete(
        with supplier: SupplierOffer,
        isNamed: Bool,
        _ models: ModelCatalogue
    ) throws(Problem) {
        if !isNamed {
            try set(.supplier, to: supplier.name.utf8.span)
            if let model = models.model(named: self[.model]) { try complete(with: model) }
        }
        try complete(with: supplier)
    }
}
