import HTTPTypes
import Testing

@testable import TollgateAdmin

@Suite("The documentation page")
struct DocumentationTests {
    @Test("has every operation with its path, an example and its place in the contents")
    func operations() async throws {
        let answer = try await AdminHarness().call(.get, "/docs", as: .nobody)
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
        for operation in AdminRoutes.documented {
            #expect(answer.text.contains("<section id=\"\(operation.name)\">"))
            #expect(answer.text.contains("<a href=\"#\(operation.name)\">"))
            #expect(answer.text.contains("<code>\(operation.path)</code>"))
        }
    }

    @Test("says of answers that are no documents of which type they are")
    func types() async throws {
        let answer = try await AdminHarness().call(.get, "/docs", as: .nobody)
        for type in ["application/x-tar", "application/x-ndjson", "text/csv"] {
            #expect(answer.text.contains("<li><code>\(type)</code></li>"))
        }
    }

    @Test("fetches nothing, runs nothing, and says so to the browser")
    func isAlone() async throws {
        let answer = try await AdminHarness().call(.get, "/docs", as: .nobody)
        for word in ["<script", "src=", "@import", "url("] {
            #expect(!answer.text.contains(word), "\(word)")
        }
        let policy = try #require(answer.headers[.contentSecurityPolicy])
        #expect(policy.contains("default-src 'none'"))
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
    }

    @Test("Values in a page are escaped, markup of our own is not")
    func escaping() {
        let value = "<b a='1'>\"&"
        let inner: HTMLText = "<i>\(value)</i>"
        let page: HTMLText = "<p>\(inner)</p>"
        #expect(page.text == "<p><i>&lt;b a=&#39;1&#39;&gt;&quot;&amp;</i></p>")
    }
}
