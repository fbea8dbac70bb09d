"""How a request comes in by the wire: read by llhttp, as Node.js does, and never more of its head than this."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_HEAD = 64 * 1024
"""Bytes: of the first line and the headers of a request. Whoever is still sending them by then is answered 400 and let go."""
TOO_LONG = "The head of the request is too long."


class BoundedHttp(HttpToolsProtocol):
    """One connection. The parser itself would keep a head that never ends until the memory does.

    What is counted are whole reads, of which the first may hold the end of another request: so a head is never refused that is shorter.
    """

    _head: int | None = None  # how much of a head was read that has not ended; None between a head's end and the next one's beginning

    def data_received(self, data: bytes) -> None:
        waiting = self._head is not None
        super().data_received(data)
        if self._head is None or not waiting or self.transport.is_closing():
            return
        self._head += len(data)
        if self._head > LONGEST_HEAD:
            self.send_400_response(TOO_LONG)

    def on_message_begin(self) -> None:
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()
