"""Between ``farm.observability.reports`` and the messages of ``metrics.proto``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.observability.reports import RefusedFamily, ReportedKind, ReportOutcome
from farm.rpc.metrics.v1 import metrics_pb2

if TYPE_CHECKING:
    from farm.observability.reports import Report, ReportedFamily, ReportedSeries

_KINDS = {
    ReportedKind.COUNTER: metrics_pb2.KIND_COUNTER,
    ReportedKind.GAUGE: metrics_pb2.KIND_GAUGE,
    ReportedKind.HISTOGRAM: metrics_pb2.KIND_HISTOGRAM,
}


def report_to_proto(report: Report) -> metrics_pb2.ReportRequest:
    """Send what a program counted."""
    return metrics_pb2.ReportRequest(
        producer_id=report.producer_id,
        sequence=report.sequence,
        program=report.program,
        ttl_seconds=report.ttl_s,
        families=[_family(family) for family in report.families],
    )


def outcome_from_proto(answer: metrics_pb2.ReportResponse) -> ReportOutcome:
    """Read what became of it."""
    return ReportOutcome(
        is_repetition=answer.is_repetition,
        refused=tuple(
            RefusedFamily(name=family.name, reason=family.reason) for family in answer.refused
        ),
    )


def _family(family: ReportedFamily) -> metrics_pb2.Family:
    return metrics_pb2.Family(
        name=family.name,
        help=family.help,
        kind=_KINDS[family.kind],
        bounds=family.bounds,
        series=[_series(series) for series in family.series],
    )


def _series(series: ReportedSeries) -> metrics_pb2.Series:
    return metrics_pb2.Series(
        labels=[metrics_pb2.Label(name=name, value=value) for name, value in series.labels],
        value=series.value,
        bucket_counts=series.bucket_counts,
        sum=series.sum,
    )
