extension Database {
    /// The parts that the database is divided into; the raw value is the place of the handle.
    enum Family: Int, CaseIterable {
        /// What RocksDB insists on having, with counters of our own in it.
        case main
        /// Key records by id.
        case keys
        /// Digests of live secrets, and whose they are.
        case digests
        /// Blocks of decisions, by position.
        case journal
        /// What is known of each sealed segment, by its last position.
        case headers
        /// The content of sealed segments.
        case segments
        /// The counters of subjects, and what the ledger includes.
        case counters
        /// The log of holds: which began, and how they ended.
        case holds
        /// Records of organisations, teams and users, by kind and name.
        case groups
        /// Models that an administrator has set, by the small letters of their ids.
        case models
        /// Suppliers, by name.
        case suppliers
        /// Webhooks, by id.
        case webhooks
        /// Notices on their way, and what came of others.
        case notices

        var name: StaticString {
            switch self {
            case .main: "default"
            case .keys: "keys"
            case .digests: "digests"
            case .journal: "journal"
            case .headers: "headers"
            case .segments: "segments"
            case .counters: "counters"
            case .holds: "holds"
            case .groups: "groups"
            case .models: "models"
            case .suppliers: "suppliers"
            case .webhooks: "webhooks"
            case .notices: "notices"
            }
        }
    }
}
