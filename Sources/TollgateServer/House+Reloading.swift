internal import Logging
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateTransport

/// What is read again while the server runs.
extension House {
    /// Reads the files again that may change while the server runs; what is wrong with one is
    /// logged, and what was there stays in force.
    func reload() {
        reloadCertificates()
        guard let file = configuration.modelFile else { return }
        do {
            try models.rebase(on: try ModelFile.read(file))
            reloads.count(.models, succeeded: true)
            log.info("models reloaded")
        } catch {
            reloads.count(.models, succeeded: false)
            log.error("models not reloaded", metadata: ["reason": "\(error)"])
        }
    }

    /// Takes the certificates of the rpc listener anew if their files have changed.
    ///
    /// - Parameter known: a problem that was logged before, and is not again.
    /// - Returns: what is wrong with the files now.
    @discardableResult
    private func reloadCertificates(known: String? = nil) -> String? {
        do {
            if let rpcTLS, try rpcTLS.reload() {
                reloads.count(.certificates, succeeded: true)
                log.info("certificates reloaded")
            }
            return nil
        } catch {
            if error.message != known {
                reloads.count(.certificates, succeeded: false)
                log.error("certificates not reloaded", metadata: ["reason": "\(error.message)"])
            }
            return error.message
        }
    }

    /// Looks at the certificates' files from time to time, until the task is cancelled.
    func watchCertificates() async {
        guard rpcTLS != nil else { return }
        var problem: String?
        while (try? await Task.sleep(for: House.certificateInterval)) != nil {
            problem = reloadCertificates(known: problem)
        }
    }

    /// Certificates are renewed days before they end; this is about the operator's patience.
    private static let certificateInterval = Duration.seconds(5)
}
