"""What the wire formats of the providers have in common."""

from dataclasses import dataclass, field

MEGABYTE = 1 << 20


@dataclass
class Reply:
    """An answer: whole, or ``chunks`` of a stream that are sent one by one."""

    status: int = 200
    type: str = "application/json"
    body: bytes = b""
    chunks: object = None
    usage: object = None
    pause: float = 0
    headers: dict = field(default_factory=dict)


class Wire:
    """One wire format: checks a request, reads it, writes the answer."""

    # The chunk before which a stream is cut, stalled or spoilt: something was said, and not everything.
    middle = 3

    def spoil(self, chunks, orders):
        """A stream with what a prompt orders to be wrong with it."""
        for index, chunk in enumerate(chunks):
            if "comments" in orders:
                yield self.comment()
            if index == self.middle:
                if "garbled" in orders:
                    yield self.garbage()
                    return
                if "overloaded-in-stream" in orders:
                    yield self.stream_error()
                    return
                if "short" in orders:
                    return
            yield chunk

    def comment(self):
        """What keeps a stream alive and says nothing."""
        return b": keep-alive\n\n"

    def garbage(self):
        """An event that is none."""
        return b'data: {"id": "x", "choices": [{"delta": {"con\n\n'
