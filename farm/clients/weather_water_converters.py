"""Between ``farm.weather.domain_water`` and the messages of ``water.proto``."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import numpy as np

from farm.clients import weather_converters as converters
from farm.rpc.weather.v1 import water_pb2
from farm.weather.domain_water import (
    BalanceStart,
    CoefficientMethod,
    IrrigationAdvice,
    RainAction,
    ReplacedEt,
    WaterBalance,
)

if TYPE_CHECKING:
    from farm.weather.domain_water import (
        BalanceMethod,
        IrrigationRules,
        NdviKcb,
        WaterBalanceRequest,
    )

_COEFFICIENTS = {
    CoefficientMethod.SINGLE: water_pb2.COEFFICIENT_METHOD_SINGLE,
    CoefficientMethod.DUAL: water_pb2.COEFFICIENT_METHOD_DUAL,
}
_RAIN_ACTIONS = {
    None: water_pb2.RAIN_ACTION_UNSPECIFIED,
    RainAction.PROCEED: water_pb2.RAIN_ACTION_PROCEED,
    RainAction.CANCEL: water_pb2.RAIN_ACTION_CANCEL,
    RainAction.REDUCE: water_pb2.RAIN_ACTION_REDUCE,
}
_REPLACED = {
    None: water_pb2.REPLACED_ET_UNSPECIFIED,
    ReplacedEt.CROP: water_pb2.REPLACED_ET_CROP,
    ReplacedEt.ACTUAL: water_pb2.REPLACED_ET_ACTUAL,
    ReplacedEt.SINGLE: water_pb2.REPLACED_ET_SINGLE,
}
# Fields of the answer that are columns of doubles, one and all.
_COLUMNS = tuple(
    field.name
    for field in fields(WaterBalance)
    if field.name not in {"days", "days_balanced", "notes", "advice", "methods", "end"}
)


def balance_to_request(balance: WaterBalanceRequest) -> water_pb2.BalanceWaterRequest:
    """Write a field's days; what is None stays unset."""
    request = water_pb2.BalanceWaterRequest(
        days=converters.days_to_proto(balance.days),
        reference_et_mm=converters.column_to_bytes(balance.reference_et_mm),
        precipitation_mm=converters.column_to_bytes(balance.precipitation_mm),
        irrigations=[
            water_pb2.Irrigation(**asdict(irrigation)) for irrigation in balance.irrigations
        ],
        crop=water_pb2.Crop(**asdict(balance.crop)),
        soil=water_pb2.Soil(**asdict(balance.soil)),
        start=water_pb2.BalanceStart(**asdict(balance.start)),
        method=_method_to_proto(balance.method),
        ndvi_kcb=None if balance.ndvi_kcb is None else _ndvi_to_proto(balance.ndvi_kcb),
        rules=None if balance.rules is None else _rules_to_proto(balance.rules),
    )
    if balance.relative_humidity_min_percent is not None:
        request.relative_humidity_min_percent = converters.column_to_bytes(
            balance.relative_humidity_min_percent
        )
    if balance.wind_speed_2m_m_s is not None:
        request.wind_speed_2m_m_s = converters.column_to_bytes(balance.wind_speed_2m_m_s)
    if balance.is_forecast is not None:
        request.is_forecast = balance.is_forecast.astype(np.uint8).tobytes()
    return request


def balance_from_proto(answer: water_pb2.BalanceWaterResponse) -> WaterBalance:
    """Read the days balanced."""
    count = answer.days.count
    return WaterBalance(
        days=converters.days_from_proto(answer.days),
        days_balanced=answer.days_balanced,
        notes=converters.bytes_column(answer.notes),
        advice=tuple(_advice_from_proto(advice) for advice in answer.advice),
        methods=converters.methods_from_proto(answer.methods),
        end=_start_from_proto(answer.end) if answer.HasField("end") else None,
        **{name: converters.column_from_bytes(getattr(answer, name), count) for name in _COLUMNS},
    )


def _method_to_proto(method: BalanceMethod) -> water_pb2.BalanceMethod:
    return water_pb2.BalanceMethod(
        coefficients=_COEFFICIENTS[method.coefficients],
        adjusts_to_climate=method.adjusts_to_climate,
        has_constant_depletion_share=method.has_constant_depletion_share,
        ignores_light_rain=method.ignores_light_rain,
    )


def _ndvi_to_proto(relation: NdviKcb) -> water_pb2.NdviKcb:
    return water_pb2.NdviKcb(
        calibration=relation.calibration,
        slope=relation.slope,
        intercept=relation.intercept,
        min_coefficient=relation.min_coefficient,
        max_coefficient=relation.max_coefficient,
        observations=[
            water_pb2.NdviObservation(day=seen.day, ndvi=seen.ndvi)
            for seen in relation.observations
        ],
        hold_days=relation.hold_days,
        most_gap_days=relation.most_gap_days,
    )


def _rules_to_proto(rules: IrrigationRules) -> water_pb2.IrrigationRules:
    values = {field.name: getattr(rules, field.name) for field in fields(rules)}
    values["forecast_action"] = _RAIN_ACTIONS[rules.forecast_action]
    values["replaced_et"] = _REPLACED[rules.replaced_et]
    return water_pb2.IrrigationRules(**values)


def _advice_from_proto(message: water_pb2.IrrigationAdvice) -> IrrigationAdvice:
    return IrrigationAdvice(
        day=message.day,
        depth_mm=message.depth_mm,
        reasons=tuple(message.reasons),
        forecast_rain_mm=message.forecast_rain_mm,
        is_forecast=message.is_forecast,
    )


def _start_from_proto(message: water_pb2.BalanceStart) -> BalanceStart:
    return BalanceStart(
        root_depletion_mm=message.root_depletion_mm,
        surface_depletion_mm=(
            message.surface_depletion_mm if message.HasField("surface_depletion_mm") else None
        ),
        wetted_share=message.wetted_share if message.HasField("wetted_share") else None,
    )
