internal import HTTPTypes
internal import Hummingbird

/// `GET /console`: the API for people with a browser.
///
/// A page and its scripts, which are part of the program and need nothing from anywhere else. They
/// are served without a key and know none: whoever uses the page signs in with their own, and every
/// request it makes is one of the API, by the same rules.
struct ConsoleRoutes: Sendable {
    /// What the page may do: run its own scripts, and ask the server that it is from.
    ///
    /// Nothing else can be loaded or asked, so there is nowhere for a key to go, and no text can
    /// become a script (`require-trusted-types-for`).
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'"

    private static let script = "text/javascript; charset=utf-8"
    private static let page = File("text/html; charset=utf-8", PackageResources.console_html)

    /// What the page is made of, by name.
    private static let files = [
        "console.css": File("text/css; charset=utf-8", PackageResources.console_css),
        "api.js": File(script, PackageResources.api_js),
        "dom.js": File(script, PackageResources.dom_js),
        "form.js": File(script, PackageResources.form_js),
        "kinds.js": File(script, PackageResources.kinds_js),
        "lists.js": File(script, PackageResources.lists_js),
        "main.js": File(script, PackageResources.main_js),
        "pages.js": File(script, PackageResources.pages_js),
        "records.js": File(script, PackageResources.records_js),
        "schemas.js": File(script, PackageResources.schemas_js),
        "usage.js": File(script, PackageResources.usage_js),
    ]

    /// `GET /console`: the page.
    ///
    /// It names its files relative to itself, so that it works behind any path of a proxy; who asks
    /// for it with a slash behind is sent to where these names are right.
    func console(_ request: Request) -> Response {
        guard !request.uri.path.hasSuffix("/") else {
            return Response(status: .permanentRedirect, headers: [.location: "../console"])
        }
        return ConsoleRoutes.page.response
    }

    /// `GET /console/{file}`: what the page is made of.
    func file(named name: String) throws(APIError) -> Response {
        guard let file = ConsoleRoutes.files[name] else { throw .noSuchPath }
        return file.response
    }

    /// A file of the program.
    private struct File: Sendable {
        let type: String
        let content: ByteBuffer

        init(_ type: String, _ bytes: [UInt8]) {
            self.type = type
            content = ByteBuffer(bytes: bytes)
        }

        var response: Response {
            Response(
                file: content,
                type: type,
                contentSecurityPolicy: ConsoleRoutes.contentSecurityPolicy
            )
        }
    }
}
