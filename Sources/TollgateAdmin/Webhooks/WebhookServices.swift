package import TollgateCore
package import TollgateEngine

/// What the operations on webhooks and alerts work with.
package struct WebhookServices: Sendable {
    let registry: WebhookRegistry
    let notices: any NoticeStore
    let test: @Sendable (WebhookRecord) -> DeliveryAttempt?

    /// Takes the parts.
    ///
    /// - Parameters:
    ///   - registry: manages the webhooks.
    ///   - notices: what came of deliveries, and the alerts.
    ///   - test: sends a test to a webhook, enabled or not, and waits for what comes of it; nil when
    ///     too many are under way.
    package init(
        registry: WebhookRegistry,
        notices: any NoticeStore,
        test: @escaping @Sendable (WebhookRecord) -> DeliveryAttempt?
    ) {
        self.registry = registry
        self.notices = notices
        self.test = test
    }
}

extension AdminServices {
    /// What the operations on webhooks work with.
    func requireWebhooks() throws(APIError) -> WebhookServices {
        guard let webhooks else { throw .unavailable }
        return webhooks
    }
}

extension APICall {
    /// The id of the webhook in the path; what cannot be an id is the id of no webhook.
    func webhookID() throws(APIError) -> WebhookID {
        guard let id, let webhook = WebhookID(id) else { throw .noSuch("webhook") }
        return webhook
    }

    /// The webhook in the path, if the caller sees it.
    func webhook(_ services: WebhookServices) throws(APIError) -> WebhookRecord {
        let id = try webhookID()
        return try APIError.translating(about: "webhook") { () throws(RegistryError) in
            try services.registry.webhook(id, seenBy: principal)
        }
    }
}
