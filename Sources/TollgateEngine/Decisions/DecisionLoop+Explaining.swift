package import TollgateCore

/// Why a question is decided as it is.
extension DecisionLoop {
    /// How the decision on a question comes about, one line for each check, with the values of this
    /// moment; fills in what `check` would.
    package func explain(_ request: inout CheckRequest) -> [String] {
        do {
            guard let (key, digest) = try key(of: request) else {
                return [
                    "key: denies (\(Decide.verdict(withoutKey: request.credentials).reason.code))"
                ]
            }
            let price = prices.price(of: request)
            key.account.lock()
            defer { key.account.unlock() }
            guard key.isUsable else { return ["key: is being read again"] }
            guard key.rules.accepts(digest, at: now.wall) else {
                return ["key: denies (\(Reason.invalidAPIKey.code))"]
            }
            let subject = DecisionSubject(rules: key.rules, chain: key.chain)
            let (supplier, _) = suppliers.direct(&request, by: subject, prices.models)
            return Decide.explanation(
                of: request,
                by: subject,
                price: price,
                supplier: supplier,
                at: now
            )
        } catch {
            return ["key: cannot be read now"]
        }
    }
}
