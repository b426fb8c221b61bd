"""What a scraper gets: format and compression as it asked, and who holds the slots."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.metrics.files import counter
from tests.contract.metrics.metrics_process import Samples, controllable, in_memory
from tests.contract.metrics.writers import writing

PATH = "/metrics/django"
PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
WITHIN_S = 20.0


@pytest.mark.parametrize(
    ("accept", "kind", "label"),
    [
        ("", "text/plain; version=0.0.4", "text"),
        ("*/*", "text/plain; version=0.0.4", "text"),
        (f"{OPENMETRICS},text/plain;version=0.0.4;q=0.5", OPENMETRICS, "openmetrics"),
        (f"{PROTOBUF},{OPENMETRICS};q=0.8,*/*;q=0.1", "application/vnd.google", "protobuf"),
    ],
)
def test_the_format_is_the_one_that_is_asked_for_and_counted(
    accept: str, kind: str, label: str
) -> None:
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        with controllable(folder) as service:
            plain = service.get(PATH, Accept=accept)
            packed = service.get(PATH, Accept=accept, Accept_Encoding="gzip")
            head = service.get(PATH, method="HEAD", Accept=accept)
            own = service.own()

    assert plain.code == packed.code == head.code == 200
    assert plain.headers["content-type"].replace("; ", ";").startswith(kind.replace("; ", ";"))
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.body == plain.body
    assert head.body == b""
    assert b"hits" in plain.body
    assert own[f'furrow_metrics_scrapes_total{{format="{label}"}}'] == 3
    assert own[f'furrow_metrics_scrape_bytes_total{{format="{label}"}}'] == 3 * len(plain.body)
    assert own[f'furrow_metrics_scrape_cpu_seconds_total{{format="{label}"}}'] > 0
    assert own["furrow_metrics_files"] == own["furrow_metrics_series"] == 1


def test_only_this_path_and_these_methods_are_answered() -> None:
    with in_memory() as folder, controllable(folder) as service:
        assert service.get(f"{PATH}x").code == 404
        assert service.get(f"{PATH}/0").code == 404
        assert service.get(PATH, method="POST").code == 405


def test_scrapes_at_the_same_time_are_all_answered() -> None:
    with in_memory() as folder:
        counter(folder / "counter_0.db", 5)
        with controllable(folder) as service, ThreadPoolExecutor(20) as pool:
            found = list(pool.map(lambda _: service.scrape(), range(200)))
            own = service.own()
    assert all(samples == {"hits_total": 5} for samples in found)
    assert own['furrow_metrics_scrapes_total{format="text"}'] == 200


def test_holders_of_slots_are_shown_with_what_they_use_and_their_cpu_outlives_them() -> None:
    def cpu(samples: Samples) -> float:
        return samples['process_cpu_seconds_total{role="worker",slot="0"}']

    with in_memory() as folder, controllable(folder) as service:
        with writing(folder, count=1) as writers:
            deadline = time.monotonic() + WITHIN_S
            while 'process_threads{role="worker",slot="0"}' not in (found := service.scrape()):
                assert time.monotonic() < deadline, service.log
                time.sleep(0.05)
            pid = writers.living[0].pid
            threads = found['process_threads{role="worker",slot="0"}']
            assert service.own()['furrow_metrics_slots_held{role="worker"}'] == 1
            assert threads >= 1
            assert found['process_resident_memory_bytes{role="worker",slot="0"}'] > 1 << 20
            assert found['process_open_fds{role="worker",slot="0"}'] >= 3
            assert found['process_max_fds{role="worker",slot="0"}'] >= 64
            started = found['process_start_time_seconds{role="worker",slot="0"}']
            assert abs(started - time.time()) < 2 * WITHIN_S

            before = cpu(found)
            writers.replace(0)
            deadline = time.monotonic() + WITHIN_S
            while True:
                found = service.scrape()
                assert cpu(found) >= before
                before = cpu(found)
                if found.get('process_start_time_seconds{role="worker",slot="0"}', 0) > started:
                    break
                assert time.monotonic() < deadline, service.log
                time.sleep(0.05)
            assert writers.living[0].pid != pid
            service.kill()
            service.start()
            found = service.scrape()
            assert 'process_threads{role="worker",slot="0"}' in found

        deadline = time.monotonic() + WITHIN_S
        while 'process_threads{role="worker",slot="0"}' in (found := service.scrape()):
            assert time.monotonic() < deadline, service.log
            time.sleep(0.05)
        assert cpu(found) > 0
        assert service.own()['furrow_metrics_slots_held{role="worker"}'] == 0
