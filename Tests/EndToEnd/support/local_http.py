"""What the fake servers of the tests share: HTTP/1.1 on a port and a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class LocalServer:
    """Serves each connection by a handler, until it is stopped."""

    def __init__(self, handler: type[Handler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Reads requests and writes answers; a peer that hangs up meanwhile is no error."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The request's headers in their order, their names in small letters."""
        return [(name.lower(), text) for name, text in self.headers.items()]

    def read_body(self) -> bytes:
        """The request's body, by its length or in chunks."""
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def answer(self, status: int, *pieces: bytes, **headers: str) -> None:
        """Sends an answer whose body is these pieces; `_` stands for `-` in headers' names."""
        self._begin(status, headers, content_length=str(sum(map(len, pieces))))
        for piece in pieces:
            self.wfile.write(piece)

    def answer_in_chunks(self, status: int, pieces: Iterable[bytes], **headers: str) -> None:
        """Sends an answer whose pieces come one after the other, each as a chunk."""
        self._begin(status, headers, transfer_encoding="chunked")
        for piece in pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _begin(self, status: int, headers: dict[str, str], **framing: str) -> None:
        self.send_response(status)
        for name, text in {**headers, **framing}.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
