/// Everything that is kept about an organisation, a team or a user.
///
/// A plain value. Keys name the groups that they belong to; what a group limits is shared by all of
/// them, and what else it restricts holds for each of them.
@dynamicMemberLookup
package struct GroupRecord: Equatable, Sendable {
    package var id: GroupID
    /// Under which name its usage is counted, for good.
    package var subject: SubjectID
    package var name: String
    package var description = ""
    package var metadata: [String: String] = [:]
    /// Keys of a group that is disabled do not work.
    package var isEnabled = true
    /// Whether the group was given up, which is for good: it is then not enabled either.
    package var isDeleted = false
    /// The organisation of a team or a user.
    package var organization: String?
    /// The team of a user, which new keys of the user get.
    package var team: String?
    package var restrictions = Restrictions()
    /// All that was ever paid in, for an organisation that pays in advance; nil for others.
    package var credits: Money?
    package var createdAt: WallTime
    package var updatedAt: WallTime
    /// Grows by one with every change, so that two writers cannot overwrite each other.
    package var version: UInt64 = 1

    package init(id: GroupID, subject: SubjectID, name: String, createdAt: WallTime) {
        self.id = id
        self.subject = subject
        self.name = name
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// A field of the restrictions.
    package subscript<Value>(dynamicMember field: WritableKeyPath<Restrictions, Value>) -> Value {
        get { restrictions[keyPath: field] }
        set { restrictions[keyPath: field] = newValue }
    }
}

/// What a group is.
///
/// The raw value is what is stored, and that of its `LimitLevel`.
package enum GroupKind: UInt8, CaseIterable, Sendable {
    case user = 1
    case team = 2
    case organization = 3
}

/// The name of a group: chosen when it is made, unique among those of its kind.
package struct GroupID: Hashable, Sendable {
    package let kind: GroupKind
    package let name: String

    /// The most bytes of a name.
    package static let nameLimit = 64

    /// What a name must be, for people.
    package static let nameRule = "must be 1 to \(nameLimit) of letters, digits and _ - . :"

    /// Whether a text can be the name of a group, or of whatever else is named alike.
    package static func isName(_ text: String) -> Bool {
        let bytes = text.utf8
        return (1...nameLimit).contains(bytes.count) && bytes.allSatisfy(isNamed)
    }

    /// The name that a caller wrote; nil unless it is one.
    package init?(_ kind: GroupKind, _ name: String) {
        guard GroupID.isName(name) else { return nil }
        self.kind = kind
        self.name = name
    }

    /// A new name, with the prefix of its kind: `org_`, `team_` or `user_`.
    package init(_ kind: GroupKind, entropy: UInt128) {
        self.kind = kind
        let prefix =
            switch kind {
            case .organization: "org_"
            case .team: "team_"
            case .user: "user_"
            }
        name = prefix + Base32.text(of: entropy)
    }

    private static func isNamed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
