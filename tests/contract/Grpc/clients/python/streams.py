"""Streaming calls of each kind, and how either side ends them."""
import queue

import grpc

from suite import Keyed, Message, case, check, equal, eventually, key, message, stub

ExpandRequest = message("darq.conformance.ExpandRequest")
FailRequest = message("darq.conformance.FailRequest")


class Requests:
    """A request iterator that is fed while the call runs."""

    _end = object()

    def __init__(self):
        self._queue = queue.SimpleQueue()

    def send(self, request):
        self._queue.put(request)

    def half_close(self):
        self._queue.put(self._end)

    def __iter__(self):
        return iter(self._queue.get, self._end)


@case
def server_streaming():
    call = stub().Expand(ExpandRequest(count=100, bytes=1000))
    received = [(response.number, len(response.payload)) for response in call]
    equal(received, [(i, 1000) for i in range(100)], "messages")


@case
def client_streaming():
    summary = stub().Collect(Message(payload=bytes(1000)) for _ in range(200))
    equal((summary.messages, summary.bytes), (200, 200000), "summary")


@case
def duplex_answers_before_half_close():
    requests = Requests()
    call = stub().Converse(iter(requests))
    for i in range(20):
        requests.send(Message(number=i))
        equal(next(call).number, i, "answer")
    requests.half_close()
    equal(len(list(call)), 20, "messages after the half-close")


@case
def headers_come_before_any_message():
    requests = Requests()
    call = stub().Silence(iter(requests))
    check(call.initial_metadata() is not None, "no headers")
    call.cancel()
    requests.half_close()


@case
def client_cancels_stream():
    calls = stub()
    request = Keyed(key=key("cancel-stream"))
    call = calls.Flood(request)
    next(call)
    call.cancel()
    equal(call.code(), grpc.StatusCode.CANCELLED, "code")
    eventually(lambda: calls.Observe(request), lambda o: o.cancelled and o.open_calls == 1, "the handler ended")


@case
def server_ends_the_stream_first():
    requests = Requests()
    call = stub().FailLater(iter(requests))
    requests.send(FailRequest(code=10, message="enough", after_messages=3))
    received = []
    try:
        for response in call:
            received.append(response.number)
        raise AssertionError("the call succeeded")
    except grpc.RpcError as error:
        equal((error.code(), error.details()), (grpc.StatusCode.ABORTED, "enough"), "status")
    equal(received, [0, 1, 2], "messages")
    requests.half_close()
