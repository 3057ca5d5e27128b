/// What the operator chose, checked.
struct Settings {
    let keyCount: Int
    let rounds: Int
    /// About how long one measurement takes.
    let seconds: Double
    /// Event loops of the server.
    let threads: Int
    /// Requests to count instructions over.
    let requests: Int
    /// How many functions to name.
    let top: Int
    /// Servers on the first core, the load on the second.
    let isPinned: Bool
    let serverPath: String
}
