"""What the end-to-end tests are made of: real processes, real clients, no shortcuts.

`process` starts and ends programs; `tollgate`, `envoy` or `proxies`, and `provider` are the three that
stand behind each other; `admin`, `rpc`, `native` and `http2` are the clients; `certificates` and
`traffic` help.
"""
