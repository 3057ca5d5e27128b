/// The name of one call on one event loop.
///
/// A trivial value that is never used again for another call of the same loop, so an answer to a
/// call that is gone finds nothing instead of a stranger.
package struct CallID: Hashable, BitwiseCopyable, Sendable {
    /// Where the call's slot is.
    let slot: UInt32

    /// Counts the calls of the loop from 1; 0 names no call.
    let serial: UInt64

    /// The name of no call.
    static let none = CallID(slot: 0, serial: 0)
}

/// Who is at the other end of a connection.
package struct Peer: Sendable, Equatable {
    /// The IP address as text, without a port; `unix` for a Unix socket, empty when not known.
    package let address: String

    /// The names in the client's certificate (URIs and DNS names), which was verified; empty
    /// without one.
    package let identities: [String]

    package init(address: String, identities: [String] = []) {
        self.address = address
        self.identities = identities
    }

    /// Whether the peer came from this machine or showed a certificate.
    ///
    /// It is taken for a proxy of the same house then and gets the wider budgets, nothing else.
    package var isTrusted: Bool {
        address == "unix" || address == "::1" || address.hasPrefix("127.")
            || address.hasPrefix("::ffff:127.") || !identities.isEmpty
    }
}
