/// A proxy of `examples`, and what is changed in its configuration to measure it.
struct ProxyExample: Sendable {
    /// What it is called in tables.
    let name: String
    /// The configuration's folder and name in `examples`.
    let folder: String
    let file: String
    /// What stands in the file, and what takes its place: each must be there.
    let changes: [(old: String, new: String)]
    /// The ports that the file has for clients and for the provider.
    let ports: (clients: Int, provider: Int)
    /// Starts it; `{}` is where its files are.
    let command: [String]

    private init(
        _ name: String,
        _ folder: String,
        _ file: String,
        ports: (clients: Int, provider: Int),
        command: [String],
        changes: [(old: String, new: String)]
    ) {
        self.name = name
        self.folder = folder
        self.file = file
        self.changes = changes
        self.ports = ports
        self.command = command
    }

    // MARK: Envoy

    /// Envoy with `ext_authz`.
    static let envoy = envoy("with tollgate", changes: [])

    /// The same with the filter switched off for the route.
    static let envoyAlone = envoy(
        "alone",
        changes: [
            ("check_settings:", "disabled: true"),
            ("context_extensions: {region: EU, provider: openai}", ""),
        ]
    )

    private static func envoy(
        _ name: String,
        changes: [(old: String, new: String)]
    ) -> ProxyExample {
        ProxyExample(
            name,
            "envoy",
            "tour.yaml",
            ports: (7400, 7420),
            command: [
                ".build/python/bin/envoy", "--config-path", "{}/tour.yaml", "--concurrency", "1",
                "--disable-hot-restart", "--log-level", "error",
            ],
            changes: changes
        )
    }

    // MARK: nginx

    /// nginx with `auth_request`, which asks over HTTP/2.
    static let nginx = nginx(
        "auth_request",
        "auth_request.conf",
        changes: told("grpc") + [("keepalive 4;", "keepalive 128;")]
    )

    /// nginx with a script, which asks over HTTP/1.1 and shows the body.
    static let nginxScript = nginx("njs", "tollgate-njs.conf", changes: told("proxy"))

    /// nginx that asks nobody.
    static let nginxAlone = nginx(
        "alone",
        "auth_request.conf",
        changes: [("auth_request /_tollgate;", "")]
    )

    private static func nginx(
        _ name: String,
        _ file: String,
        changes: [(old: String, new: String)]
    ) -> ProxyExample {
        ProxyExample(
            name,
            "nginx",
            file,
            ports: (8080, 9000),
            command: [
                "nginx", "-p", "{}", "-e", "stderr", "-c", "{}/\(file)", "-g",
                "daemon off; master_process off;",
            ],
            changes: changes + [
                ("listen 127.0.0.1:8080;", "listen 127.0.0.1:8080 http2;"),
                // As many connections as requests at once, so that none is made for each.
                ("keepalive 16;", "keepalive 128;"),
                // Of its clients' connections none ends within a measurement.
                ("access_log off;", "access_log off; keepalive_requests 1000000000;"),
            ]
        )
    }

    /// What the operator says of the route: the keys of the store are restricted.
    private static func told(_ module: String) -> [(old: String, new: String)] {
        [("Region", "EU"), ("Model", SeededStore.allowedModel)].map { name, value in
            let header = "\(module)_set_header X-Tollgate-\(name)"
            return ("\(header) \"\";", "\(header) \"\(value)\";")
        }
    }
}
