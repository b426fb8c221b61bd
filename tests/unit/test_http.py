"""Every refusal is a problem document; this table is the border's specification."""

import errno
import json
import logging

import pytest
from django.core import exceptions as django_errors
from django.http import Http404, UnreadablePostError
from django.test import Client, RequestFactory
from django.urls import path
from rest_framework import exceptions as api_errors
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from farm import errors
from farm.http import STATUS_OF, exception_handler
from orchestrator import urls as project_urls

MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def answer(error):
    request = RequestFactory().get("/api/v1/things/3/")
    response = exception_handler(error, {"request": request})
    return response, json.loads(response.content)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.InvalidInputError("No."), 422, "invalid_input"),
        (errors.UnreadableRasterError("No."), 422, "unreadable_raster"),
        (errors.NotFoundError("No."), 404, "not_found"),
        (errors.ForbiddenError("No."), 403, "forbidden"),
        (errors.ConflictError("No."), 409, "conflict"),
        (errors.ServiceBusyError("No."), 503, "service_busy"),
        (errors.ServiceUnavailableError("No."), 503, "service_unavailable"),
        (errors.ServiceTimeoutError("No."), 504, "service_timeout"),
        (errors.ServiceFaultError("No."), 502, "service_fault"),
        (errors.FarmError("No."), 500, "internal"),
        (api_errors.ParseError("No."), 400, "unparsable"),
        (api_errors.ValidationError("No."), 422, "invalid_input"),
        (api_errors.NotAuthenticated("No."), 401, "not_authenticated"),
        (api_errors.AuthenticationFailed("No."), 401, "authentication_failed"),
        (api_errors.PermissionDenied("No."), 403, "forbidden"),
        (api_errors.NotFound("No."), 404, "not_found"),
        (api_errors.MethodNotAllowed("PUT", "No."), 405, "method_not_allowed"),
        (api_errors.NotAcceptable("No."), 406, "not_acceptable"),
        (api_errors.UnsupportedMediaType("text/x", "No."), 415, "unsupported_media_type"),
        (django_errors.ValidationError("No."), 422, "invalid_input"),
    ],
)
def test_each_error_has_its_status_and_code(error, status, code):
    response, problem = answer(error)

    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert set(problem) - {"errors"} == MEMBERS
    assert problem["type"] == f"urn:furrow:problem:{code}"
    assert problem["detail"] == "No."
    assert problem["instance"] == "/api/v1/things/3/"


@pytest.mark.parametrize(
    "error",
    [
        errors.StorageFullError(),
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
    ],
)
def test_a_full_disk_is_a_507_in_words(error):
    response, problem = answer(error)

    assert (response.status_code, problem["code"]) == (507, "storage_full")
    assert problem["detail"].startswith("The server's disk is full, so nothing was stored")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Http404("a secret of the model"), 404),
        (django_errors.PermissionDenied("a secret of the model"), 403),
        (UnreadablePostError("a secret of the model"), 400),
        (django_errors.RequestDataTooBig("a secret of the settings"), 413),
        (django_errors.TooManyFilesSent("a secret of the settings"), 400),
    ],
)
def test_djangos_own_errors_are_answered_without_their_text(error, status):
    response, problem = answer(error)

    assert response.status_code == status
    assert "secret" not in problem["detail"]


def test_no_error_of_ours_falls_through_to_a_500():
    def family(kind):
        return {kind}.union(*(family(child) for child in kind.__subclasses__()))

    for kind in family(errors.FarmError) - {errors.FarmError}:
        assert any(ancestor in STATUS_OF for ancestor in kind.__mro__[:-4]), kind


def test_an_error_that_nobody_listed_is_answered_as_its_nearest_ancestor():
    class NoClearSceneError(errors.NotFoundError):
        code = "no_clear_scene"

    response, problem = answer(NoClearSceneError("No scene is clear."))

    assert (response.status_code, problem["code"]) == (404, "no_clear_scene")


def test_the_finer_reason_goes_out_where_there_is_one():
    _, problem = answer(errors.UnreadableRasterError("No CRS.", reason="RASTER_CRS_MISSING"))

    assert problem["reason"] == "RASTER_CRS_MISSING"


def test_a_busy_service_says_when_to_come_back():
    response, _ = answer(errors.ServiceBusyError("Full.", retry_after_s=7))

    assert response["Retry-After"] == "7"


def test_a_throttled_caller_is_told_when_to_come_back():
    response, problem = answer(api_errors.Throttled(wait=12.3))

    assert (response.status_code, problem["code"]) == (429, "too_many_requests")
    assert response["Retry-After"] == "13"


def test_a_401_names_the_schemes():
    response, _ = answer(api_errors.NotAuthenticated())

    assert response["WWW-Authenticate"] == 'Bearer realm="furrow", Api-Key realm="furrow"'


def test_only_what_the_system_failed_at_is_logged(caplog):
    with caplog.at_level(logging.INFO, logger="furrow.http"):
        answer(errors.NotFoundError("No."))
        assert caplog.records == []

        answer(errors.ServiceFaultError("furrow-ndvi failed.", reason="INTERNAL"))

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.records[0].reason == "INTERNAL"


def test_nested_refusals_become_dotted_paths():
    class Point(serializers.Serializer):
        x = serializers.FloatField(max_value=180)

    class Outline(serializers.Serializer):
        name = serializers.CharField()
        points = Point(many=True)
        tags = serializers.ListField(child=serializers.IntegerField())

    given = Outline(data={"points": [{"x": 1}, {"x": 999}, {}], "tags": [1, "b"]})
    with pytest.raises(api_errors.ValidationError) as refused:
        given.is_valid(raise_exception=True)

    _, problem = answer(refused.value)

    assert problem["errors"] == {
        "name": ["This field is required."],
        "points.1.x": ["Ensure this value is less than or equal to 180."],
        "points.2.x": ["This field is required."],
        "tags.1": ["A valid integer is required."],
    }
    assert problem["detail"] == "name: This field is required. (and 3 more)"


def test_a_refusal_of_the_whole_has_no_field_in_its_sentence():
    _, problem = answer(api_errors.ValidationError({"non_field_errors": ["From is after to."]}))

    assert problem["detail"] == "From is after to."
    assert problem["errors"] == {"non_field_errors": ["From is after to."]}


def test_a_models_refusal_keeps_its_fields():
    refusal = django_errors.ValidationError({"name": ["Too long."], "__all__": ["Twice."]})

    _, problem = answer(refusal)

    assert problem["errors"] == {"name": ["Too long."], "non_field_errors": ["Twice."]}


def test_an_unexpected_failure_is_left_to_django():
    assert exception_handler(ZeroDivisionError(), {}) is None


# --- Through the whole stack ------------------------------------------------------------------


class PngOnly(BaseRenderer):
    media_type = "image/png"
    format = "png"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return b"\x89PNG"


class PictureView(APIView):
    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (PngOnly,)

    def get(self, request):
        raise errors.NotFoundError("There is no picture.")


class BrokenView(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request):
        raise ZeroDivisionError("the cause, which nobody outside may read")

    def post(self, request):
        return Response(request.data)


urlpatterns = [
    path("api/v1/picture/", PictureView.as_view(), name="picture"),
    path("api/v1/broken/", BrokenView.as_view(), name="broken"),
    path("broken/", BrokenView.as_view(), name="broken-page"),
    *project_urls.urlpatterns,
]
handler400 = project_urls.handler400
handler403 = project_urls.handler403
handler404 = project_urls.handler404
handler500 = project_urls.handler500


@pytest.fixture
def here(settings):
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


def test_a_view_that_only_draws_refuses_in_json(here):
    response = here.get("/api/v1/picture/")

    assert response.status_code == 404
    assert response.json()["detail"] == "There is no picture."


def test_an_unexpected_failure_tells_nothing_and_is_logged_once_under_the_request_id(here, caplog):
    response = here.get("/api/v1/broken/")

    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "internal"
    assert response.json()["request_id"] == response["X-Request-Id"]
    assert "cause" not in response.content.decode()
    failures = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(failures) == 1
    assert failures[0].exc_info[0] is ZeroDivisionError


def test_outside_the_api_a_failure_is_a_page(here):
    response = here.get("/broken/")

    assert response.status_code == 500
    assert response["Content-Type"].startswith("text/html")


def test_an_unknown_address_below_the_api_is_a_problem(here):
    response = here.get("/api/v1/nowhere/")

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["instance"] == "/api/v1/nowhere/"


def test_an_unknown_page_is_a_page(here):
    assert here.get("/nowhere").headers["Content-Type"].startswith("text/html")


def test_an_unknown_host_is_a_problem_below_the_api(here):
    response = here.get("/api/v1/auth/me/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert response.json()["code"] == "bad_request"
    assert "evil" not in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "unparsable"),
        ("NaN", "application/json", 400, "unparsable"),
        ("[" * 100_000, "application/json", 400, "unparsable"),
        ('{"a": ' + "9" * 5000 + "}", "application/json", 400, "unparsable"),
        (b"\xff\xfe{}", "application/json", 400, "unparsable"),
        ("a=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ("{}", "text/plain", 415, "unsupported_media_type"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(here, body, content_type, status, code):
    response = here.post("/api/v1/broken/", body, content_type=content_type)

    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_json_body_is_bounded(here, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    fits = here.post("/api/v1/broken/", '"' + "x" * 98 + '"', content_type="application/json")
    bursts = here.post("/api/v1/broken/", '"' + "x" * 99 + '"', content_type="application/json")

    assert fits.status_code == 200
    assert (bursts.status_code, bursts.json()["code"]) == (413, "too_large")


def test_a_body_of_names_and_numbers_is_bounded_below_one_of_outlines(here):
    body = '"' + "x" * (1024 * 1024) + '"'

    answer = here.post("/api/v1/auth/token/", body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["detail"] == "The body is longer than 1048576 bytes."


def test_a_body_that_is_announced_too_long_is_not_read(here):
    class Endless:
        def read(self, size=-1):
            raise AssertionError("read although it was announced too long")

        readline = read

    answer = here.generic(
        "POST",
        "/api/v1/broken/",
        b"{}",
        content_type="application/json",
        **{"CONTENT_LENGTH": "9" * 18, "wsgi.input": Endless()},
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_millions_of_empty_lists_are_refused_before_they_take_memory(here, monkeypatch):
    monkeypatch.setattr("orchestrator.parsers.MAX_CONTAINERS", 1000)

    fits = here.post("/api/v1/broken/", "[[]" + ",[]" * 998 + "]", content_type="application/json")
    bursts = here.post(
        "/api/v1/broken/", "[{}" + ",[]" * 999 + "]", content_type="application/json"
    )

    assert fits.status_code == 200
    assert (bursts.status_code, bursts.json()["code"]) == (400, "unparsable")
    assert "1,000 lists and objects" in bursts.json()["detail"]


def test_a_method_that_is_not_there_names_those_that_are(here):
    response = here.delete("/api/v1/broken/")

    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in response["Allow"]


def test_a_format_that_is_not_there_is_refused(here):
    response = here.get("/api/v1/broken/", headers={"accept": "application/xml"})

    assert (response.status_code, response.json()["code"]) == (406, "not_acceptable")


def test_a_method_that_the_schema_does_not_list_is_refused_also_where_tables_are_drawn(api_client):
    response = api_client.options("/api/v1/statistics/?format=csv")

    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
