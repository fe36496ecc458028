"""Fake providers on free ports of 127.0.0.1, which speak the documented wire formats and refuse what the real ones do.

Each request is kept as a ``Seen``; ``GET /__seen`` lists them. A path may begin with the name of an account, as
``/openai-f3/v1/chat/completions``: accounts of one kind share its port and differ in what is remembered of them.
"""

import asyncio
import json
import threading
from dataclasses import asdict, dataclass

import wire_anthropic
import wire_bedrock
import wire_gemini
import wire_openai
from script import Refusal, faults
from wire import Reply

KINDS = {
    "openai": wire_openai.OpenAI(),
    "groq": wire_openai.Groq(),
    "mistral": wire_openai.Mistral(),
    "anthropic": wire_anthropic.Anthropic(),
    "gemini": wire_gemini.Gemini(),
    "bedrock": wire_bedrock.Bedrock(),
}


@dataclass
class Seen:
    """One request that came, and what became of it."""

    number: int
    kind: str
    account: str
    method: str
    path: str
    query: str
    headers: dict
    body: object
    status: int = 0
    usage: dict | None = None
    sent: int = 0
    left: bool = False
    done: bool = False
    complaint: str = ""


@dataclass
class Request:
    """A request as it came."""

    method: str
    target: str
    path: str
    query: str
    headers: dict
    raw: bytes
    json: object = None


class Providers:
    """The providers of all kinds, on a loop of their own."""

    def __init__(self):
        self.seen = []
        self.ports = {}
        self._tries = {}
        self._servers = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="providers", daemon=True)
        self._connections = 0

    def start(self):
        """Opens a port for each kind."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def stop(self):
        """Ends the loop and with it every connection."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _close(self):
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def since(self, number, account=None):
        """Requests after the first ``number``, of one account or of all."""
        return [seen for seen in self.seen[number:] if account is None or seen.account == account]

    @property
    def connections(self):
        """Connections that are open now."""
        return self._connections

    async def _listen(self):
        for kind in KINDS:
            async def serve(reader, writer, kind=kind):
                await self._connection(kind, reader, writer)
            server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=64 << 20)
            self._servers.append(server)
            self.ports[kind] = server.sockets[0].getsockname()[1]

    async def _connection(self, kind, reader, writer):
        self._connections += 1
        try:
            while (request := await _read(reader)) is not None:
                if not await self._answer(kind, request, reader, writer):
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._connections -= 1
            writer.close()

    async def _answer(self, kind, request, reader, writer):
        """Answers one request; whether the connection may go on."""
        if request.path == "/__seen":
            await _whole(writer, Reply(body=json.dumps([asdict(seen) for seen in self.seen]).encode()))
            return True
        account, rest = kind, request.path
        first = rest.split("/")[1]
        if first == kind or first.startswith(kind + "-"):
            account, rest = first, rest[len(first) + 1 :]
        request.path = rest
        seen = Seen(len(self.seen), kind, account, request.method, rest, request.query, request.headers, None)
        self.seen.append(seen)
        wire = KINDS[kind]
        orders = {}
        try:
            wire.check(request)
            if request.method == "POST":
                request.json = seen.body = _json(request.raw)
            orders = faults(wire.text(request), account)
            if await self._trouble(wire, orders, seen, request, reader, writer):
                return False
            reply = wire.reply(request)
            if reply.chunks is not None:
                reply.pause = 0.02 if "slow" in wire.text(request) else 0
                reply.chunks = wire.spoil(reply.chunks, orders)
        except Refusal as refusal:
            reply = wire.refuse(refusal)
            seen.complaint = refusal.message
        seen.status = reply.status
        seen.usage = asdict(reply.usage) if reply.usage else None
        if reply.chunks is None:
            await _whole(writer, reply)
            seen.done = True
            return True
        return await _stream(reader, writer, reply, seen, orders, wire)

    async def _trouble(self, wire, orders, seen, request, reader, writer):
        """Faults before any answer; whether the connection is to be ended at once."""
        key = (seen.account, wire.text(request))
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        if "reset" in orders or ("reset-once" in orders and tries == 1):
            writer.transport.abort()
            return True
        if "slow-first-byte" in orders:
            await _pause(reader, orders["slow-first-byte"] or 3)
            if reader.at_eof():
                seen.left = True
                return True
        for name, number in orders.items():
            status = name.removesuffix("-once")
            if status.isdigit() and (status == name or tries == 1):
                raise wire.fault(int(status), number)
            if name == "context":
                raise wire.fault(400, None, context=True)
        return False


def _json(raw):
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Refusal(400, f"We could not parse the JSON body of your request: {error}", "invalid_json") from None


async def _read(reader):
    """The next request of a connection; None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {}
    for line in lines[1:-2]:
        name, _, value = line.partition(":")
        # A header that must stand once and stands twice is refused by the real ones.
        name = name.strip().lower()
        headers[name] = headers[name] + ", " + value.strip() if name in headers else value.strip()
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    path, _, query = target.partition("?")
    return Request(method, target, path, query, headers, raw)


async def _whole(writer, reply):
    head = f"HTTP/1.1 {reply.status} X\r\ncontent-type: {reply.type}\r\ncontent-length: {len(reply.body)}\r\n"
    for name, value in reply.headers.items():
        head += f"{name}: {value}\r\n"
    writer.write((head + "\r\n").encode() + reply.body)
    await writer.drain()


async def _stream(reader, writer, reply, seen, orders, wire):
    """Sends a stream; whether the connection may go on."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {reply.type}\r\ntransfer-encoding: chunked\r\n"
    for name, value in reply.headers.items():
        head += f"{name}: {value}\r\n"
    writer.write((head + "\r\n").encode())
    try:
        for index, chunk in enumerate(reply.chunks):
            if "cut" in orders and index == wire.middle:
                await writer.drain()
                writer.transport.abort()
                return False
            if "stall" in orders and index == wire.middle:
                await _pause(reader, orders["stall"] or 5)
            if reader.at_eof() or writer.transport.is_closing():
                seen.left = True
                return False
            for part in _cuts(chunk) if "utf8-split" in orders else [chunk]:
                writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                await writer.drain()
                if "utf8-split" in orders:
                    await asyncio.sleep(0.002)
            seen.sent += 1
            await asyncio.sleep(reply.pause)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        seen.done = True
        return True
    except ConnectionError:
        seen.left = True
        return False


async def _pause(reader, seconds):
    """Says nothing for some seconds, or until the other side has left."""
    for _ in range(seconds * 50):
        if reader.at_eof():
            return
        await asyncio.sleep(0.02)


def _cuts(chunk):
    """A chunk cut inside each of its characters of several bytes."""
    places = [index for index, byte in enumerate(chunk) if byte & 0xC0 == 0x80]
    bounds = [0, *places, len(chunk)]
    return [chunk[start:end] for start, end in zip(bounds, bounds[1:]) if start < end]
