"""Single calls: sizes, faults, deadlines, cancellation."""
import grpc

from suite import CONFORMANCE, Keyed, Message, case, channel, check, equal, eventually, failure, key, message, stub

MIB = 1024 * 1024
FailRequest = message("darq.conformance.FailRequest")
ProduceRequest = message("darq.conformance.ProduceRequest")
MeetRequest = message("darq.conformance.MeetRequest")
Status = message("google.rpc.Status")
BadRequest = message("google.rpc.BadRequest")


def frame_of(size):
    """A payload that makes the whole message so many bytes."""
    return bytes([7]) * (size - 5)


@case
def sixteen_mib_up():
    equal(stub().Collect(iter([Message(payload=frame_of(16 * MIB))])).messages, 1, "messages")


@case
def oversize_request_is_refused():
    error = failure(lambda: stub().Echo(Message(payload=frame_of(16 * MIB + 1))))
    equal(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED, "code")


@case
def oversize_response_is_refused():
    calls = stub()
    equal(calls.Produce(ProduceRequest(bytes=4 * MIB)).ByteSize(), 4 * MIB, "bytes at the limit")
    error = failure(lambda: calls.Produce(ProduceRequest(bytes=4 * MIB + 1)))
    equal(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED, "code")


@case
def thousand_concurrent_calls_on_one_connection():
    calls = stub()
    calls.Echo(Message())
    before = calls.Observe(Keyed()).connections_accepted
    request = MeetRequest(key=key("meet"), calls=1000)
    pending = [calls.Meet.future(request) for _ in range(1000)]
    check(all(call.result(30).messages == 1000 for call in pending), "not every call met the others")
    equal(calls.Observe(Keyed()).connections_accepted, before, "connections")


@case
def error_details():
    error = failure(lambda: stub().Fail(FailRequest(code=9, message="etag: grün", details=True)))
    encoded = [value for name, value in error.trailing_metadata() if name == "grpc-status-details-bin"]
    equal(len(encoded), 1, "number of details trailers")
    status = Status.FromString(encoded[0])
    equal((status.code, status.message, len(status.details)), (9, "etag: grün", 1), "status")
    bad_request = BadRequest()
    check(status.details[0].Unpack(bad_request), f"types: {status.details}")
    violation = bad_request.field_violations[0]
    equal((violation.field, violation.description), ("etag", "etag: grün"), "violation")


@case
def unexpected_fault_is_internal_and_hidden():
    error = failure(lambda: stub().Throw(Keyed()))
    equal(error.code(), grpc.StatusCode.INTERNAL, "code")
    check("password" not in error.details(), f"the fault leaked: {error.details()}")


@case
def unknown_method_and_service():
    equal(failure(lambda: stub().Missing(Message())).code(), grpc.StatusCode.UNIMPLEMENTED, "a method without handler")
    for path in (f"/{CONFORMANCE}/Nothing", "/darq.nowhere.Nothing/Echo", "/odd"):
        equal(failure(lambda: channel().unary_unary(path)(b"")).code(), grpc.StatusCode.UNIMPLEMENTED, path)


@case
def compressed_request_is_refused():
    calls = stub(compression=grpc.Compression.Gzip)
    error = failure(lambda: calls.Echo(Message(payload=bytes(4096))))
    equal(error.code(), grpc.StatusCode.UNIMPLEMENTED, "code")


@case
def deadline():
    calls = stub()
    request = Keyed(key=key("deadline"))
    calls.Echo(Message())  # The time to connect is not part of the deadline.
    equal(failure(lambda: calls.Wait(request, timeout=1)).code(), grpc.StatusCode.DEADLINE_EXCEEDED, "code")
    seen = eventually(lambda: calls.Observe(request), lambda o: o.cancelled, "the handler is cancelled")
    check(seen.had_deadline, "the handler saw no deadline")


@case
def client_cancels_unary():
    calls = stub()
    request = Keyed(key=key("cancel"))
    pending = calls.Wait.future(request)
    eventually(lambda: calls.Observe(request), lambda o: o.started, "the handler runs")
    pending.cancel()
    equal(pending.code(), grpc.StatusCode.CANCELLED, "code")
    eventually(lambda: calls.Observe(request), lambda o: o.cancelled and o.open_calls == 1, "the handler is cancelled and only Observe is open")
