internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// A connection of the listener behind TLS, with the certificates that are in force when it comes.
///
/// Each connection has the whole context of its time, and not the first one with a newer certificate
/// in it: then a client of an authority that was taken away cannot resume an old session either, as
/// the keys of those go with their context.
struct SecureChannel: ServerChildChannel {
    private let http: HTTP1Channel
    private let certificate: ServerCertificate

    init(_ http: HTTP1Channel, _ certificate: ServerCertificate) {
        self.http = http
        self.certificate = certificate
    }

    /// Puts TLS in front of what the connection is otherwise.
    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
        // Looking at files may wait, which an event loop must not.
        NIOThreadPool.singleton
            .runIfActive(eventLoop: channel.eventLoop) { certificate.current().context }
            .flatMapThrowing { context in
                try channel.pipeline.syncOperations.addHandler(
                    NIOSSLServerHandler(context: context)
                )
            }
            .flatMap { http.setup(channel: channel, logger: logger) }
    }

    func handle(value: HTTP1Channel.Value, logger: Logger) async {
        await http.handle(value: value, logger: logger)
    }
}
