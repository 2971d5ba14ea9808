"""What the three apps share: calls to the sidecar over HTTP, and an HTTP server for what the sidecar calls. Standard library only."""
import http.client
import http.server
import json
import threading
import urllib.parse


class Sidecar:
    """Dapr's HTTP API with one kept connection per thread."""

    def __init__(self, port):
        self._port = port
        self._local = threading.local()

    def publish(self, pubsub, topic, event, metadata):
        query = urllib.parse.urlencode({f"metadata.{name}": value for name, value in metadata.items()})
        return self.call("POST", f"/v1.0/publish/{pubsub}/{topic}?{query}", event)

    def read_state(self, store, keys):
        """The items of the keys that exist: key to (value, etag)."""
        status, body = self.call("POST", f"/v1.0/state/{store}/bulk", {"keys": keys, "parallelism": 10})
        if status != 200:
            raise ConnectionError(f"reading {len(keys)} keys from {keys[0]} on answered {status}: {body}")
        return {item["key"]: (item["data"], item.get("etag")) for item in json.loads(body) if item.get("data") is not None}

    def transact(self, store, operations, metadata):
        return self.call("POST", f"/v1.0/state/{store}/transaction", {"operations": operations, "metadata": metadata})

    def call(self, method, path, body):
        """Status and text of the answer. A kept connection that the other side closed is opened again once."""
        data = json.dumps(body).encode()
        for last in (False, True):
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            try:
                connection.request(method, path, data, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                return answer.status, answer.read().decode(errors="replace")
            except (OSError, http.client.HTTPException):
                connection.close()
                self._local.connection = None
                if last:
                    raise
        raise AssertionError("unreachable")


def serve(port, subscriptions, handlers, pages):
    """Serves `/dapr/subscribe`, the handlers (path to function of event and headers, answering a status) and the pages
    (path to function answering JSON) until the process is ended."""

    class App(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # Kept connections: the sidecar does not dial for every message.
        disable_nagle_algorithm = True

        def do_GET(self):
            if self.path == "/dapr/subscribe":
                self.answer(200, subscriptions)
            elif self.path in pages:
                self.answer(200, pages[self.path]())
            else:
                self.answer(404)

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            handler = handlers.get(self.path)
            if handler is None:
                self.answer(404)
                return
            try:
                self.answer(handler(json.loads(body), self.headers))
            except Exception as fault:  # The sidecar asks again; the log says why.
                print(f"{self.path}: {fault!r}", flush=True)
                self.answer(500)

        def answer(self, status, content=None):
            body = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    Server(("127.0.0.1", port), App).serve_forever()
