"""Usage: /usr/bin/python3 main.py SOCKET DESCRIPTORS"""
import suite
import calls  # noqa: F401
import streams  # noqa: F401
import services  # noqa: F401

suite.run()
