"""One JSON object a line."""

import io
import json
import logging
import logging.config

import pytest

from orchestrator import context
from orchestrator.logging import logging_config


@pytest.fixture
def out():
    """The stream that a handler of ours writes to; no logger of the process is touched."""
    wanted = logging_config(level="INFO")
    formatter = wanted["formatters"]["json"]
    handler = logging.StreamHandler(io.StringIO())
    made = formatter["()"](
        formatter["format"],
        rename_fields=formatter["rename_fields"],
        timestamp=formatter["timestamp"],
    )
    handler.setFormatter(made)
    handler.addFilter(wanted["filters"]["request_id"]["()"]())
    log = logging.getLogger("furrow.test.lines")
    log.propagate = False
    log.setLevel("INFO")
    log.addHandler(handler)
    yield log, handler.stream
    log.removeHandler(handler)


def test_a_line_has_time_level_logger_sentence_fields_and_ids(out):
    log, stream = out
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with context.bound(context.new_context(request_id="request-1", traceparent=trace)):
        log.info("Scene read.", extra={"scene_id": 7})

    line = json.loads(stream.getvalue())

    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "furrow.test.lines",
        "message": "Scene read.",
        "scene_id": 7,
        "request_id": "request-1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }


def test_a_traceback_stays_on_its_line(out):
    log, stream = out
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        log.exception("It broke.")

    assert stream.getvalue().count("\n") == 1
    assert "ValueError" in json.loads(stream.getvalue())["exc_info"]


def test_a_line_break_in_a_value_forges_no_line(out):
    log, stream = out

    log.info("Name taken.", extra={"username": 'x"}\n{"level": "ERROR"'})

    assert stream.getvalue().count("\n") == 1


def test_objects_of_django_are_left_out(out):
    log, stream = out

    log.info("Answered.", extra={"request": object(), "server_time": "now"})

    assert set(json.loads(stream.getvalue())) == {"time", "level", "logger", "message"}
