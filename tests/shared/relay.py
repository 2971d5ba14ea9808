#!/usr/bin/env python3
"""Passes connections on.

    relay.py LISTEN CONNECT        paths of Unix sockets

A component takes the process at the other end of a connection for a sidecar. Clients of LISTEN are this process to the component on
CONNECT, so that one test can be several sidecars.
"""
import asyncio
import sys


async def pass_on(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def serve(reader, writer):
    try:
        component_reader, component_writer = await asyncio.open_unix_connection(sys.argv[2])
    except OSError:
        writer.close()
        return
    await asyncio.gather(pass_on(reader, component_writer), pass_on(component_reader, writer))


async def main():
    server = await asyncio.start_unix_server(serve, sys.argv[1])
    await server.serve_forever()


asyncio.run(main())
