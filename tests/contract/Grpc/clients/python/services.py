"""The services that every server has beside its own: reflection in both versions, and health."""
import threading

import grpc

from suite import CONFORMANCE, case, equal, eventually, failure, key, message, stub

OWN = [CONFORMANCE, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]
HealthCheckRequest = message("grpc.health.v1.HealthCheckRequest")
SetHealthRequest = message("darq.conformance.SetHealthRequest")


def ask(version, *requests):
    """The request iterator ends, so the server has to end its side; one that does not would stop daprd's start."""
    request = message(f"grpc.reflection.{version}.ServerReflectionRequest")
    calls = stub(f"grpc.reflection.{version}.ServerReflection")
    answers = list(calls.ServerReflectionInfo((request(**fields) for fields in requests), timeout=10))
    equal(len(answers), len(requests), "answers")
    return answers


def lists_services(version):
    [answer] = ask(version, {"list_services": "*"})
    equal([service.name for service in answer.list_services_response.service], OWN, "services")


@case
def reflection_v1_lists_services():
    lists_services("v1")


@case
def reflection_v1alpha_lists_services():
    lists_services("v1alpha")


@case
def health_check():
    health = stub("grpc.health.v1.Health")
    equal(health.Check(HealthCheckRequest()).status, 1, "the process")
    equal(health.Check(HealthCheckRequest(service=CONFORMANCE)).status, 1, "a service")
    error = failure(lambda: health.Check(HealthCheckRequest(service="no.Service")))
    equal(error.code(), grpc.StatusCode.NOT_FOUND, "an unknown service")


@case
def health_watch():
    service = key("watched")
    seen = []
    watch = stub("grpc.health.v1.Health").Watch(HealthCheckRequest(service=service))
    threading.Thread(target=follow, args=(watch, seen), daemon=True).start()
    calls = stub()

    def shows(statuses):
        eventually(lambda: list(seen), lambda now: now == statuses, f"statuses {statuses}")

    shows([3])
    calls.SetHealth(SetHealthRequest(service=service, serving=True))
    shows([3, 1])
    calls.SetHealth(SetHealthRequest(service=service, serving=False))
    shows([3, 1, 2])
    watch.cancel()


def follow(watch, seen):
    try:
        for response in watch:
            seen.append(response.status)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.CANCELLED:
            seen.append(error.code())
