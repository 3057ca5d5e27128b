internal import HTTPTypes

/// `GET /docs`: the API for people, on one page that needs nothing else, no script and no network.
///
/// Made from the same table as the OpenAPI document, so that the two cannot differ.
struct DocumentationPage {
    /// What the page may do: show its own style.
    ///
    /// No script runs, nothing is fetched.
    static let contentSecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'"

    private let operations: [OperationDescription]
    private let components: [(name: String, schema: JSONValue)]
    private let version: String

    init(of operations: [any DocumentedOperation.Type], version: String) {
        self.version = version
        self.operations = operations.compactMap { operation in
            operation.shape.map { OperationDescription(operation: operation, shape: $0) }
        }
        var components: [String: JSONValue] = ErrorSchema.error.components
        for operation in self.operations {
            let shape = operation.shape
            for schema in [shape.body, shape.reply, shape.otherwise?.reply] {
                components.merge(schema?.components ?? [:]) { first, _ in first }
            }
        }
        self.components = components.sorted { $0.key < $1.key }
            .map { (name: $0.key, schema: $0.value) }
    }

    /// The page.
    var html: String {
        let page: HTMLText = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Tollgate management API</title>
            <style>\(DocumentationPage.style)</style>
            </head>
            <body>
            <header>
            <h1>Tollgate management API</h1>
            <p>Version \(version). The same as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
            <p>\(OpenAPIDocument.introduction)</p>
            <p>A key is shown as <code>authorization: Bearer tg_…</code>. A refusal is
            <code>{"error":{"code","message","field"}}</code>.</p>
            </header>
            <nav>\(tags.map(contents))</nav>
            <main>
            \(operations.map(section))
            <h2 id="schemas">Schemas</h2>
            \(components.map { schemaSection($0.name, $0.schema) })
            </main>
            </body>
            </html>

            """
        return page.text
    }

    private var tags: [String] {
        var tags: [String] = []
        for operation in operations where !tags.contains(operation.tag) {
            tags.append(operation.tag)
        }
        return tags
    }

    private func contents(_ tag: String) -> HTMLText {
        let entries: [HTMLText] = operations.filter { $0.tag == tag }.map { entry in
            let name = entry.operation.name
            return "<li><a href=\"#\(name)\">\(name)</a></li>"
        }
        return "<h2>\(tag)</h2><ul>\(entries)</ul>"
    }

    private func section(_ entry: OperationDescription) -> HTMLText {
        let operation = entry.operation
        let method = operation.method.rawValue
        return """
            <section id="\(operation.name)">
            <h3>\(operation.name)</h3>
            <p class="line"><b class="\(method.lowercased())">\(method)</b>
            <code>\(operation.path)</code></p>
            <p>\(operation.summary) \(entry.need)</p>
            \(parameters(entry.shape))
            \(body(entry.shape))
            <h4>Answer \(String(entry.shape.status.code))</h4>
            \(answer(entry.shape))
            \(otherAnswer(entry.shape))
            <h4>Example</h4>
            <pre>\(CurlExample.text(for: entry))</pre>
            </section>

            """
    }

    private func parameters(_ shape: OperationShape) -> HTMLText {
        guard !shape.parameters.isEmpty else { return "" }
        let rows: [HTMLText] = shape.parameters.map { parameter in
            """
            <tr><td><code>\(parameter.name)</code></td>
            <td>\(SchemaTable.type(of: parameter.schema.json))</td>
            <td>\(parameter.description)</td></tr>
            """
        }
        return "<h4>Parameters</h4><table>\(rows)</table>"
    }

    private func body(_ shape: OperationShape) -> HTMLText {
        guard let body = shape.body else { return "" }
        return "<h4>Body</h4>\(SchemaTable.html(body.json))"
    }

    private func answer(_ shape: OperationShape) -> HTMLText {
        let others: [HTMLText] = shape.replyTypes.filter { $0 != OperationShape.json }.map { type in
            "<li><code>\(type)</code></li>"
        }
        let list: HTMLText = others.isEmpty ? "" : "<ul>\(others)</ul>"
        guard shape.replyTypes.contains(OperationShape.json) else { return list }
        return "\(SchemaTable.html(shape.reply.json))\(list)"
    }

    private func otherAnswer(_ shape: OperationShape) -> HTMLText {
        guard let other = shape.otherwise else { return "" }
        return """
            <h4>Answer \(String(other.status.code))</h4>
            \(SchemaTable.html(other.reply.json))
            """
    }

    private func schemaSection(_ name: String, _ schema: JSONValue) -> HTMLText {
        """
        <section id="schema-\(name)"><h3>\(name)</h3>\(SchemaTable.html(schema))</section>

        """
    }

    private static let style: HTMLText = """
        :root{color-scheme:light dark;--line:#8884;--mark:#2563eb}
        body{font:16px/1.5 system-ui,sans-serif;margin:0;display:grid;
        grid-template-columns:minmax(12rem,18rem) minmax(0,1fr)}
        header{grid-column:1/3;padding:1rem 2rem;border-bottom:1px solid var(--line)}
        nav{padding:1rem 2rem;border-right:1px solid var(--line)}
        nav h2{font-size:1rem;margin:1rem 0 0}nav ul{list-style:none;padding:0;margin:0}
        main{padding:1rem 2rem;max-width:60rem}
        a{color:var(--mark)}section{padding-bottom:1.5rem}
        h3{border-top:1px solid var(--line);padding-top:1rem}h4{margin:1rem 0 .25rem}
        table{border-collapse:collapse;width:100%}
        td{border-top:1px solid var(--line);padding:.25rem .75rem .25rem 0;vertical-align:top}
        pre{background:#8881;padding:.75rem;overflow:auto;border-radius:.4rem}
        code,pre{font-family:ui-monospace,monospace;font-size:.9em}
        .line b{color:#fff;background:#475569;border-radius:.3rem;padding:.1rem .5rem}
        .line b.post{background:#15803d}.line b.delete{background:#b91c1c}
        .line b.patch,.line b.put{background:#a16207}
        @media(max-width:50rem){body{display:block}nav{border:0}}
        """
}
