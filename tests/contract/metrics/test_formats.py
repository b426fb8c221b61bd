"""The three forms of a scrape say the same, and readers of each form take them.

Text is read with prometheus_client's parser, OpenMetrics with its strict one, Protobuf with
messages that are put together here from the numbers of `io/prometheus/client/metrics.proto`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.unknown_fields import UnknownFieldSet
from prometheus_client.openmetrics import parser as openmetrics

from tests.contract.metrics.exposition import Samples, bits, of_client, read
from tests.contract.metrics.metrics_process import controllable, in_memory
from tests.contract.metrics.programs import GAUGE_MODES, Declared, Program, Step, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.metrics.metrics_process import Answer

TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)
ODD = 'a"b\\c\nd,e="f"}é🌾'
BELOW_ZERO = "below"  # a histogram with negative bounds, whose sum OpenMetrics does not allow


def everything() -> Program:
    """Every kind and mode, counted in three processes."""
    kinds = ["counter", "summary", "histogram", *(f"gauge_{mode}" for mode in GAUGE_MODES)]
    metrics = [
        Declared(
            name=f"m_{kind}", kind=kind, labels=("a", "z"), help=ODD, buckets=(0.5, 1.0, 1e6, 2e17)
        )
        for kind in kinds
    ]
    metrics += [
        Declared(name=BELOW_ZERO, kind="histogram", labels=(), help="", buckets=(-1.0, 0.0)),
        Declared(name="plain", kind="counter", labels=(), help="", buckets=()),
    ]
    numbers = (0.25, 3.0, 2e6, 12345678.5, 1e18)
    steps = [
        Step(ident=ident, what="count", metric=metric, labels=(value, "y", ""), value=number)
        for ident in ("0", "1", "7")
        for metric in range(len(metrics))
        for value, number in zip(("x", ODD, "", "x", "x"), numbers, strict=True)
    ]
    return Program(metrics=tuple(metrics), steps=tuple(steps))


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, Answer]]:
    """A scrape in each form, and what the client says in text."""
    with in_memory() as folder:
        run(everything(), folder)
        with controllable(folder) as service:
            yield {
                form: service.get("/metrics/django", Accept=form)
                for form in (TEXT, OPENMETRICS, PROTOBUF)
            }


@pytest.fixture(scope="module")
def in_text(answers: dict[str, Answer]) -> Samples:
    """What the text says."""
    return read(answers[TEXT].body.decode()).samples


def of_metrics(samples: Samples) -> dict[Any, int]:
    """Those of the program, their values as bits."""
    return {
        key: bits(value)
        for key, value in samples.items()
        if key[0].startswith(("m_", BELOW_ZERO, "plain"))
    }


def test_text_is_what_the_client_says(in_text: Samples) -> None:
    with in_memory() as folder:
        run(everything(), folder)
        client = of_client(folder).samples

    assert of_metrics(in_text).keys() == of_metrics(client).keys()
    assert len(client) > 50


def test_each_form_is_named_as_it_is_asked_for(answers: dict[str, Answer]) -> None:
    kinds = {form: answer.headers["content-type"] for form, answer in answers.items()}

    assert kinds[TEXT].startswith("text/plain; version=0.0.4")
    assert kinds[OPENMETRICS].startswith("application/openmetrics-text; version=1.0.0")
    assert kinds[PROTOBUF].startswith("application/vnd.google.protobuf;")


def test_openmetrics_is_valid_and_says_what_text_says(
    answers: dict[str, Answer], in_text: Samples
) -> None:
    body = answers[OPENMETRICS].body.decode()
    assert body.endswith("\n# EOF\n")

    found: Samples = {}
    families: Any = openmetrics.text_string_to_metric_families(body)  # type: ignore[no-untyped-call]
    for family in families:
        assert family.name != "plain_total"
        for sample in family.samples:
            found[(sample.name, tuple(sorted(sample.labels.items())))] = sample.value

    not_allowed = {f"{BELOW_ZERO}_sum", f"{BELOW_ZERO}_count"}
    wanted = of_metrics(in_text)
    assert of_metrics(found) == {
        key: value for key, value in wanted.items() if key[0] not in not_allowed
    }


def family_class() -> Any:
    """The message of a metric, from the numbers of its fields."""
    file = descriptor_pb2.FileDescriptorProto(name="metrics.proto", package="p", syntax="proto2")
    kinds = {
        "string": 9,
        "double": 1,
        "uint64": 4,
        "int32": 5,
    }
    messages: dict[str, list[tuple[int, str, str]]] = {
        "Label": [(1, "name", "string"), (2, "value", "string")],
        "Value": [(1, "value", "double")],
        "Summary": [(1, "sample_count", "uint64"), (2, "sample_sum", "double")],
        "Bucket": [(1, "cumulative_count", "uint64"), (2, "upper_bound", "double")],
        "Histogram": [
            (1, "sample_count", "uint64"),
            (2, "sample_sum", "double"),
            (3, "bucket", "*Bucket"),
        ],
        "Metric": [
            (1, "label", "*Label"),
            (2, "gauge", "Value"),
            (3, "counter", "Value"),
            (4, "summary", "Summary"),
            (7, "histogram", "Histogram"),
        ],
        "MetricFamily": [
            (1, "name", "string"),
            (2, "help", "string"),
            (3, "type", "int32"),
            (4, "metric", "*Metric"),
        ],
    }
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, field, kind in fields:
            label, plain = (3 if kind.startswith("*") else 1), kind.lstrip("*")
            if plain in kinds:
                added = message.field.add(name=field, number=number, label=label)
                added.type = kinds[plain]  # type: ignore[assignment]
            else:
                message.field.add(
                    name=field,
                    number=number,
                    label=label,
                    type=11,
                    type_name=f".p.{plain}",
                )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("p.MetricFamily"))


def delimited(body: bytes) -> Iterator[bytes]:
    """The messages of a body, each behind its length."""
    position = 0
    while position < len(body):
        length = shift = 0
        while True:
            byte = body[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        assert position + length <= len(body)
        yield body[position : position + length]
        position += length


def go_float(value: float) -> str:
    """A bound as text has it."""
    if math.isinf(value):
        return "+Inf"
    return {1e6: "1e+06", 2e17: "2e+17"}.get(value, repr(value))


def test_protobuf_says_what_text_says(answers: dict[str, Answer], in_text: Samples) -> None:
    family_type = family_class()
    found: Samples = {}
    names = []

    def add(name: str, labels: dict[str, str], value: float) -> None:
        key = (name, tuple(sorted(labels.items())))
        assert key not in found
        found[key] = float(value)

    for body in delimited(answers[PROTOBUF].body):
        family = family_type.FromString(body)
        assert len(UnknownFieldSet(family)) == 0
        names.append(family.name)
        if family.name.startswith("m_"):
            assert family.help == ODD
        for metric in family.metric:
            labels = {label.name: label.value for label in metric.label}
            kind = {0: "counter", 1: "gauge", 2: "summary", 4: "histogram"}[family.type]
            assert [field.name for field, _ in metric.ListFields() if field.name != "label"] == [
                kind
            ]
            value = getattr(metric, kind)
            if kind in {"counter", "gauge"}:
                add(family.name, labels, value.value)
                continue
            add(f"{family.name}_count", labels, value.sample_count)
            add(f"{family.name}_sum", labels, value.sample_sum)
            if kind == "histogram":
                counts = [bucket.cumulative_count for bucket in value.bucket]
                assert counts == sorted(counts)
                assert counts[-1] == value.sample_count
                for bucket in value.bucket:
                    bound = go_float(bucket.upper_bound)
                    add(f"{family.name}_bucket", {**labels, "le": bound}, bucket.cumulative_count)

    assert names == sorted(set(names))
    assert of_metrics(found) == of_metrics(in_text)
