internal import Foundation

/// A server that is measured.
protocol Subject: AnyObject {
    /// What it is called in tables.
    var name: String { get }

    var process: ChildProcess { get }

    /// Where the request goes.
    var url: String { get }

    /// Where it listens on this machine.
    var port: Int { get }

    /// What the request carries besides its body.
    var headers: [(String, String)] { get }
}

/// How a server is started.
struct Launch {
    /// Put before the server's own command: a tool to run it under.
    var wrapper: [String] = []
    var core: Int?
    let directory: URL
}
