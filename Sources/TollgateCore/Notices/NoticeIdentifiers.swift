/// The name of a webhook for good.
///
/// Made like that of a key, so that webhooks sort by age; written as `wh_` and 26 characters of
/// base 32.
package struct WebhookID: Comparable, Hashable, Sendable {
    package let rawValue: UInt128

    package init(rawValue: UInt128) {
        self.rawValue = rawValue
    }

    /// A new id; the arguments are those of `KeyID`.
    package init(time: WallTime, entropy: UInt128) {
        rawValue = KeyID(time: time, entropy: entropy).rawValue
    }

    /// The id that a caller wrote, nil when it is not one.
    package init?(_ text: String) {
        guard let value = Base32.value(of: text.utf8.span, after: "wh_") else { return nil }
        rawValue = value
    }

    package static func < (left: WebhookID, right: WebhookID) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension WebhookID: CustomStringConvertible {
    package var description: String { "wh_" + Base32.text(of: rawValue) }
}

/// The name of a notice, the same in every delivery of it: receivers drop what they have seen.
///
/// Made like that of a key; written as `evt_` and 26 characters of base 32.
package struct NoticeID: Hashable, Sendable {
    package let rawValue: UInt128

    package init(rawValue: UInt128) {
        self.rawValue = rawValue
    }

    /// A new id; the arguments are those of `KeyID`.
    package init(time: WallTime, entropy: UInt128) {
        rawValue = KeyID(time: time, entropy: entropy).rawValue
    }
}

extension NoticeID: CustomStringConvertible {
    package var description: String { "evt_" + Base32.text(of: rawValue) }
}
