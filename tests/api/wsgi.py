"""A transport into a WSGI application of this process that hands over any bytes, as a real server would."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx

from config.surface import WSGIApplication


class Transport(httpx.BaseTransport):
    """httpx has one, but it refuses headers that are not ASCII and decodes paths in a way of its own."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        path, _, query = request.url.raw_path.partition(b"?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        for name, value in request.headers.raw:
            key = name.decode("latin-1").upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value.decode("latin-1")
        started: list[Any] = []
        chunks = self.application(environ, lambda status, headers, exc_info=None: started.extend((status, headers)))
        content = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return httpx.Response(int(started[0].split()[0]), headers=started[1], stream=httpx.ByteStream(content))
