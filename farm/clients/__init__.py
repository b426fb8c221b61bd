"""The only place that speaks gRPC.

``channel`` opens one connection a process, ``interceptor`` adds what every call carries and
measures it, ``errors`` turns status codes into ``farm.errors``, ``converters`` turns messages into
``farm.imagery.domain`` and back, ``ndvi`` and ``health`` are what the rest of the project calls.
``fakes`` is a service in memory for tests.
"""
