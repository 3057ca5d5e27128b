internal import TollgateCore
internal import TollgateEngine

/// What an allow adds to a request on its way: its supplier, the names of its groups, the list of its
/// models, and which headers to leave behind.
///
/// Beside the `Decision`, and not in it: that is a plain value, copied without counting references.
struct Passage {
    /// Where the request is to go; nil for wherever the proxy sends it.
    ///
    /// Its credential is for the request alone: no log, metadata or denial has it.
    let supplier: Supplier?
    /// The models that the key may call, when it asks for a list of them.
    let models: ModelFilter?
    /// The meters of the key and its groups, which have the groups' names; nil when it was denied.
    private let chain: MeterChain?

    /// The passage of the request that was decided on last.
    init(_ decisions: DecisionLoop) {
        supplier = decisions.supplier
        models = decisions.models
        chain = decisions.chain
    }

    /// Calls back for each group of the key, with the header that names it.
    func forEachGroup(_ body: (StaticString, String) -> Void) {
        for level in 1..<MeterChain.levelCount {
            chain?.withMeter(level) { body(Passage.header(of: $0.level), $0.name) }
        }
    }

    private static func header(of level: LimitLevel) -> StaticString {
        switch level {
        case .key: "x-tollgate-key-id"
        case .user: "x-tollgate-user-id"
        case .team: "x-tollgate-team-id"
        case .organization: "x-tollgate-organization-id"
        }
    }

    /// Calls back for each header that the request must not have when it goes on.
    ///
    /// These are the client's credentials, and what only we may say. Where the supplier's credential
    /// takes the place of one, that is not among them.
    func forEachRemovedHeader(_ body: (StaticString) -> Void) {
        if !isCredential("authorization") { body("authorization") }
        if !isCredential("x-api-key") { body("x-api-key") }
        if !isCredential("api-key") { body("api-key") }
        if supplier == nil { body("x-tollgate-supplier") }
        // Spelled out: a loop over all cases would make an array for each request.
        if chain?.has(.user) != true { body(Passage.header(of: .user)) }
        if chain?.has(.team) != true { body(Passage.header(of: .team)) }
        if chain?.has(.organization) != true { body(Passage.header(of: .organization)) }
    }

    /// Whether the supplier's credential is in the header of this name.
    private func isCredential(_ name: StaticString) -> Bool {
        guard let header = supplier?.header else { return false }
        return Text.equal(header.name.utf8.span, name)
    }
}
