"""Runs named cases one after another and prints one JSON line for each: {"name", "ok", "detail"}."""
import json
import os
import sys
import threading
import time
import traceback

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SOCKET, DESCRIPTORS = sys.argv[1:3]
CASE_TIMEOUT = 40
OPTIONS = [
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
    ("grpc.max_send_message_length", 64 * 1024 * 1024),
    ("grpc.max_metadata_size", 64 * 1024),
    # Every case has a connection of its own.
    ("grpc.use_local_subchannel_pool", 1),
]

_pool = descriptor_pool.DescriptorPool()
with open(DESCRIPTORS, "rb") as file:
    for _file in descriptor_pb2.FileDescriptorSet.FromString(file.read()).file:
        _pool.Add(_file)
_factory = message_factory.MessageFactory(_pool)
_cases = []
_open_channels = []

CONFORMANCE = "darq.conformance.Conformance"


def message(name):
    return _factory.GetPrototype(_pool.FindMessageTypeByName(name))


Message = message("darq.conformance.Message")
Keyed = message("darq.conformance.Keyed")


class Stub:
    """The methods of one service as callables, by their names."""

    def __init__(self, channel, service=CONFORMANCE):
        kinds = {
            (False, False): channel.unary_unary,
            (False, True): channel.unary_stream,
            (True, False): channel.stream_unary,
            (True, True): channel.stream_stream,
        }
        described = descriptor_pb2.ServiceDescriptorProto()
        _pool.FindServiceByName(service).CopyToProto(described)
        for method in described.method:
            make = kinds[method.client_streaming, method.server_streaming]
            setattr(self, method.name, make(
                f"/{service}/{method.name}",
                request_serializer=lambda request: request.SerializeToString(),
                response_deserializer=message(method.output_type.lstrip(".")).FromString))


def channel(**arguments):
    made = grpc.insecure_channel(f"unix:{SOCKET}", options=OPTIONS, **arguments)
    _open_channels.append(made)
    return made


def stub(service=CONFORMANCE, **arguments):
    return Stub(channel(**arguments), service)


def key(name):
    return f"python-{name}-{os.getpid()}"


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


def check(condition, detail):
    if not condition:
        raise AssertionError(detail)


def failure(call):
    """The error that a call ends with; a call that succeeds is the failure then."""
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call succeeded")


def eventually(read, condition, what):
    end = time.monotonic() + 15
    while True:
        value = read()
        if condition(value):
            return value
        check(time.monotonic() < end, f"never true: {what}; last seen {value}")
        time.sleep(0.025)


def case(body):
    _cases.append(body)
    return body


def run():
    for body in _cases:
        outcome = {"name": body.__name__, "ok": False, "detail": "the case did not end in time"}
        worker = threading.Thread(target=_run_one, args=(body, outcome), daemon=True)
        worker.start()
        worker.join(CASE_TIMEOUT)
        print(json.dumps(outcome), flush=True)
        while _open_channels:
            _open_channels.pop().close()
    sys.stdout.flush()
    # A case that hangs must not keep the process.
    os._exit(0)


def _run_one(body, outcome):
    try:
        detail = body()
        outcome.update(ok=True, detail=str(detail or ""))
    except BaseException:
        outcome.update(detail=traceback.format_exc())
