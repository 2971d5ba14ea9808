"""Streaming calls: order, half-close, interleaving, back-pressure, cancellation by either side."""
import queue
import threading

import grpc

from suite import Keyed, Message, case, check, equal, eventually, key, message, stub

ExpandRequest = message("darq.conformance.ExpandRequest")
FailRequest = message("darq.conformance.FailRequest")
CROSSED = 10000
LEAD = 500


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
def server_streaming_of_nothing():
    equal(list(stub().Expand(ExpandRequest(count=0))), [], "messages")


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
def half_close_with_much_left_to_send():
    received = list(stub().Converse(Message(number=i, payload=bytes(20000)) for i in range(50)))
    equal(len(received), 100, "messages")
    check(all(response.text == "after the half-close" for response in received[50:]), "the second half is wrong")


@case
def ten_thousand_each_way_interleaved():
    lead = threading.Semaphore(LEAD)

    def requests():
        yield Message(number=CROSSED)
        for i in range(CROSSED):
            lead.acquire()
            yield Message(number=i)

    received = 0
    for response in stub().Cross(requests()):
        equal(response.number, received, "order")
        received += 1
        lead.release()
    equal(received, CROSSED, "received")


@case
def headers_come_before_any_message():
    requests = Requests()
    call = stub().Silence(iter(requests))
    check(call.initial_metadata() is not None, "no headers")
    call.cancel()
    requests.half_close()


@case
def slow_reader_blocks_the_writer():
    calls = stub()
    request = Keyed(key=key("flood"))
    call = calls.Flood(request)
    next(call)
    seen = []

    # Every Observe is also a proof that the blocked stream does not block its neighbours on the connection.
    def accepted():
        seen.append(calls.Observe(request).bytes_accepted)
        return seen[-1]

    size = eventually(accepted, lambda _: len(seen) > 20 and len(set(seen[-20:])) == 1, "the writer stands still")
    check(0 < size <= 8 * 1024 * 1024, f"{size} bytes were accepted for a client that reads nothing")
    equal([next(call).number for _ in range(499)], list(range(1, 500)), "messages")
    call.cancel()
    eventually(lambda: calls.Observe(request), lambda o: o.cancelled and o.open_calls == 1, "the flood has ended")
    return f"{size} bytes accepted"


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
