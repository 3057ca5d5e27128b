/// Something that keeps signed checkpoints, or passes them on to who does.
protocol CheckpointSink: Sendable {
    /// Takes a checkpoint, and answers once it is as safe as it will get here.
    ///
    /// - Throws: why it could not be taken; it may be tried again.
    func append(_ checkpoint: SignedCheckpoint) throws(ServerError)
}

/// Where an operator wants checkpoints of the audit trail.
enum CheckpointPlace: Equatable, Sendable {
    case file(String)
    case log(SyslogAddress)

    /// Reads a path or the address of a log daemon.
    ///
    /// - Throws: what is wrong with an address.
    init(parsing text: String) throws(ServerError) {
        self = try SyslogAddress(parsing: text).map { CheckpointPlace.log($0) } ?? .file(text)
    }

    /// Begins to use it.
    ///
    /// - Throws: why a file cannot be opened.
    func open() throws(ServerError) -> any CheckpointSink {
        switch self {
        case .file(let path): try CheckpointFile(path: path)
        case .log(let address): CheckpointLog(address)
        }
    }
}
