package import TollgateCore

/// What is to be different about a supplier; what is nil stays as it is.
package struct SupplierChanges: Sendable {
    package var provider: String?
    package var region: String?
    package var baseURL: String?
    /// `.some(nil)` for the host of the URL.
    package var hostHeader: String??
    /// `.some(nil)` for none.
    package var credential: Credential??
    package var isEnabled: Bool?
    package var models: [String]?

    /// A credential in clear text, on its way to being encrypted.
    package struct Credential: Sendable {
        package var form: CredentialForm
        package var value: String

        package init(form: CredentialForm, value: String) {
            self.form = form
            self.value = value
        }
    }

    package init() {}

    private static let modelLimit = 1000

    /// The names of the fields that are said, as the API has them.
    var fields: [String] {
        let said: [(String, Bool)] = [
            ("provider", provider != nil), ("region", region != nil),
            ("base_url", baseURL != nil), ("host_header", hostHeader != nil),
            ("credential", credential != nil), ("enabled", isEnabled != nil),
            ("models", models != nil),
        ]
        return said.filter(\.1).map(\.0)
    }

    /// Makes the changes, all but that of the credential.
    ///
    /// - Parameters:
    ///   - record: what is changed.
    ///   - path: where the supplier is in the request, with a point behind it, or empty.
    /// - Throws: `.invalid` with the first field that cannot be.
    func apply(to record: inout SupplierRecord, at path: String) throws(RegistryError) {
        if let provider { record.provider = provider }
        try SupplierChanges.check(record.provider, 1, .provider, path + "provider")
        if let region { record.region = region }
        try SupplierChanges.check(record.region, 0, .region, path + "region")
        if let baseURL {
            _ = try WebAddress(baseURL, at: path + "base_url")
            record.baseURL = baseURL
        }
        if let hostHeader {
            if let hostHeader, !WebAddress.isHost(hostHeader) {
                throw .invalid(field: path + "host_header", "must be a host, perhaps with a port")
            }
            record.hostHeader = hostHeader
        }
        if let isEnabled { record.isEnabled = isEnabled }
        guard let models else { return }
        guard models.count <= SupplierChanges.modelLimit else {
            throw .invalid(
                field: path + "models",
                "must have at most \(SupplierChanges.modelLimit) entries"
            )
        }
        for (index, model) in models.enumerated() where Pattern(model) == nil {
            throw .invalid(
                field: path + "models[\(index)]",
                "must be 1 to \(Pattern.lengthLimit) bytes of text"
            )
        }
        record.models = models
    }

    private static func check(
        _ text: String,
        _ least: Int,
        _ field: CheckRequest.Field,
        _ path: String
    ) throws(RegistryError) {
        let bytes = Array(text.utf8)
        guard (least...field.limit).contains(bytes.count), Text.isValid(bytes.span) else {
            throw .invalid(field: path, "must be \(least) to \(field.limit) bytes of text")
        }
    }
}

extension SupplierChanges.Credential {
    private static let valueLimit = 4096

    /// Headers that say how a message is sent, or whose it is: no credential is in one of these.
    private static let reserved: Set<String> = [
        "cache-control", "connection", "content-length", "content-type", "expect", "host",
        "keep-alive",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    /// What the names of our own headers, and of proxies', begin with.
    private static let reservedPrefixes = [
        "x-envoy-", "x-forwarded-", "x-ratelimit-", "x-tollgate-",
    ]

    /// Refuses a credential that no header can hold.
    func check(at path: String) throws(RegistryError) {
        let printable = UInt8(ascii: " ")...UInt8(ascii: "~")
        guard
            (1...Self.valueLimit).contains(value.utf8.count),
            value.utf8.allSatisfy(printable.contains),
            value.utf8.first != UInt8(ascii: " "), value.utf8.last != UInt8(ascii: " ")
        else {
            throw .invalid(
                field: path + "value",
                "must be 1 to \(Self.valueLimit) printable characters of ASCII"
            )
        }
        switch form {
        case .bearer: break
        case .basic:
            guard value.contains(":") else {
                throw .invalid(field: path + "value", "must be user:password")
            }
        case .header(let name):
            guard Self.isName(name), !Self.isReserved(name) else {
                throw .invalid(field: path + "header", "must be the name of a header to be set")
            }
        }
    }

    private static func isReserved(_ name: String) -> Bool {
        reserved.contains(name) || reservedPrefixes.contains(where: name.hasPrefix)
    }

    /// Whether a text is a field name in small letters (RFC 9110 section 5.6.2).
    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// The header that shows a credential.
    static func header(_ form: CredentialForm, _ value: String) -> Supplier.Header {
        switch form {
        case .bearer: Supplier.Header(name: "authorization", value: "Bearer \(value)")
        case .header(let name): Supplier.Header(name: name, value: value)
        case .basic:
            Supplier.Header(name: "authorization", value: "Basic \(Base64.text(of: value.utf8))")
        }
    }
}
