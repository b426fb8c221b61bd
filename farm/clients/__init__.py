"""The only place that speaks gRPC.

``services`` names what there is to call, ``channel`` opens one connection a process and service,
``interceptor`` adds what every call carries and measures it, ``breaker`` stops asking the dead,
``errors`` turns status codes into ``farm.errors``, ``converters``, ``report_converters`` and
``usage_converters`` turn messages into domain values and back, ``ndvi``, ``metrics``, ``health``
and ``states`` are what the rest of the project calls. ``fakes`` and ``metrics_fakes`` are services
in memory for tests.
"""
