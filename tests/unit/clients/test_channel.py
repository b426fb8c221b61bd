"""One channel per process, with the policy that lies beside the protos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from farm.clients import channel, states
from farm.clients.channel import channel_to, close_channels
from farm.clients.services import METRICS, NDVI, WEATHER, Service

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

PROTOS = Path(__file__).parents[3] / "protos"


def test_a_target_has_one_channel(target: str) -> None:
    assert channel_to(target) is channel_to(target)


def test_two_services_at_one_address_have_a_breaker_and_a_policy_each(target: str) -> None:
    assert channel_to(target, METRICS) is not channel_to(target, NDVI)


def test_a_forked_child_opens_its_own(target: str) -> None:
    inherited = channel_to(target)
    channel._forget_after_fork()  # what os.register_at_fork runs in the child

    assert channel_to(target) is not inherited
    assert inherited in channel._inherited

    channel._inherited.remove(inherited)
    inherited.close()


@pytest.mark.parametrize("service", [NDVI, METRICS, WEATHER], ids=lambda service: service.program)
def test_the_packaged_policy_is_the_one_beside_the_protos(service: Service) -> None:
    assert service.retry_policy() == (PROTOS / service.policy).read_text("utf-8")


@pytest.mark.parametrize("service", [NDVI, METRICS, WEATHER], ids=lambda service: service.program)
def test_only_unavailable_is_retried(service: Service) -> None:
    (method,) = json.loads(service.retry_policy())["methodConfig"]

    assert method["name"] == [{"service": service.full_name}]
    assert method["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]


def test_a_running_service_serves(target: str, settings: SettingsWrapper) -> None:
    settings.NDVI_TARGET = target

    state, _ = states.service_states(timeout_s=5)

    assert (state.name, state.is_serving, state.detail) == ("furrow-ndvi", True, "")


def test_a_dead_service_is_an_answer(tmp_path: Path, settings: SettingsWrapper) -> None:
    settings.NDVI_TARGET = f"unix:{tmp_path / 'nobody.sock'}"

    state, _ = states.service_states(timeout_s=2)

    assert not state.is_serving
    assert "not running" in state.detail
    close_channels()


def test_readiness_asks_nothing_of_the_metrics_service(
    target: str, tmp_path: Path, settings: SettingsWrapper
) -> None:
    settings.NDVI_TARGET = target
    settings.METRICS_TARGET = f"unix:{tmp_path / 'nobody.sock'}"

    assert [state.name for state in states.service_states(timeout_s=2)] == [
        "furrow-ndvi",
        "furrow-weather",
    ]


def test_people_are_told_of_every_service(
    target: str, tmp_path: Path, settings: SettingsWrapper
) -> None:
    settings.NDVI_TARGET = target
    settings.METRICS_TARGET = f"unix:{tmp_path / 'nobody.sock'}"

    imagery, weather, metrics = states.every_service_state(timeout_s=2)

    assert imagery.is_serving
    assert (weather.name, weather.is_serving) == ("furrow-weather", False)
    assert weather.detail == "The weather service is not running or cannot be reached."
    assert (metrics.name, metrics.is_serving) == ("furrow-metrics", False)
    assert metrics.detail == "The metrics service is not running or cannot be reached."
    close_channels()
