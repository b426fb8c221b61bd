from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from orchestrator.env import S3Address, kept_secret_key, parse


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "manage.py").touch()
    return tmp_path


def test_the_defaults_are_the_safe_ones(checkout):
    env = parse({}, project_dir=checkout)

    assert env.debug is False
    assert env.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    assert env.secret_key is None
    assert not env.is_public_https
    assert env.data_dir == checkout / "var"
    assert env.database_url == f"sqlite:///{checkout}/var/db.sqlite3"
    assert env.store_root == checkout / "var/store"
    assert env.ndvi_target == f"unix:{checkout}/var/run/ndvi.sock"
    assert env.metrics_target == f"unix:{checkout}/var/run/metrics.sock"
    assert [str(network) for network in env.trusted_proxies] == ["127.0.0.0/8", "::1/128"]


def test_an_installed_package_keeps_its_data_where_it_is_started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    env = parse({}, project_dir=Path("/usr/lib/python3/site-packages"))

    assert env.data_dir == tmp_path / "var"


def test_everything_can_be_said(checkout):
    env = parse(
        {
            "FURROW_DATA_DIR": "/srv/furrow",
            "FURROW_SECRET_KEY": "k" * 50,
            "FURROW_DEBUG": "on",
            "FURROW_ALLOWED_HOSTS": "web, farm.example",
            "FURROW_PUBLIC_URL": "https://furrow.example:8443/",
            "DATABASE_URL": "postgresql://furrow:secret@db/furrow",
            "FURROW_STORE_URL": "file:///srv/my%20store",
            "FURROW_NDVI_TARGET": "dns:///ndvi:50051",
            "FURROW_METRICS_TARGET": "metrics:9200",
            "FURROW_TRUSTED_PROXIES": "10.1.0.0/16",
            "FURROW_LOG_LEVEL": "warning",
        },
        project_dir=checkout,
    )

    assert env.data_dir == Path("/srv/furrow")
    assert env.debug is True
    assert env.allowed_hosts[3:] == ("furrow.example", "web", "farm.example")
    assert env.public_url == "https://furrow.example:8443"
    assert env.is_public_https
    assert not env.is_loopback
    assert env.database_url.startswith("postgresql://")
    assert env.store_root == Path("/srv/my store")
    assert env.ndvi_target == "dns:///ndvi:50051"
    assert env.log_level == "WARNING"


def test_an_empty_value_counts_as_not_given(checkout):
    given = dict.fromkeys(["FURROW_SECRET_KEY", "FURROW_DEBUG", "FURROW_STORE_URL"], " ")

    assert parse(given, project_dir=checkout) == parse({}, project_dir=checkout)


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("FURROW_DEBUG", "maybe", "on or off"),
        ("FURROW_SECRET_KEY", "short", "at least 50"),
        ("FURROW_ALLOWED_HOSTS", "*", "wildcard"),
        ("FURROW_ALLOWED_HOSTS", "a.example,*.example", "wildcard"),
        ("FURROW_PUBLIC_URL", "furrow.example", "must look like"),
        ("FURROW_PUBLIC_URL", "https://furrow.example/app", "without a path"),
        ("FURROW_PUBLIC_URL", "https://*.example", "must look like"),
        ("DATABASE_URL", "mysql://db/furrow", "postgresql"),
        ("FURROW_STORE_URL", "s3://bucket", "AWS_ACCESS_KEY_ID"),
        ("FURROW_STORE_URL", "s3://", "s3://<bucket>/<prefix>"),
        ("FURROW_STORE_URL", "gs://bucket", "s3://<bucket>/<prefix>"),
        ("FURROW_STORE_URL", "file://relative/store", "file:///"),
        ("FURROW_TRUSTED_PROXIES", "caddy", "addresses or networks"),
        ("FURROW_TRUSTED_PROXIES", "10.0.0.1/8", "host bits"),
        ("FURROW_LOG_LEVEL", "loud", "INFO"),
    ],
)
def test_nonsense_is_refused_in_a_sentence_that_names_the_variable(checkout, name, value, word):
    with pytest.raises(ImproperlyConfigured) as refused:
        parse({name: value}, project_dir=checkout)

    assert name in str(refused.value)
    assert word in str(refused.value)


S3 = {
    "FURROW_STORE_URL": "s3://a-farm/store/one/",
    "AWS_ACCESS_KEY_ID": "name",
    "AWS_SECRET_ACCESS_KEY": "hunter2",
}


def test_a_bucket_takes_the_place_of_the_folder(checkout):
    env = parse({**S3, "AWS_DEFAULT_REGION": "eu-central-1"}, project_dir=checkout)

    assert env.store_s3 == S3Address(
        bucket="a-farm", prefix="store/one", endpoint=None, region="eu-central-1"
    )
    assert "hunter2" not in repr(env)
    assert parse({}, project_dir=checkout).store_s3 is None


@pytest.mark.parametrize(
    ("more", "endpoint"),
    [
        ({"FURROW_S3_ENDPOINT": "https://s3.example/"}, "https://s3.example"),
        ({"FURROW_S3_ENDPOINT": "http://127.0.0.1:9000"}, "http://127.0.0.1:9000"),
        ({"AWS_ENDPOINT_URL": "http://[::1]:9000"}, "http://[::1]:9000"),
        (
            {"AWS_ENDPOINT_URL_S3": "http://nas:9000", "FURROW_S3_ALLOW_HTTP": "on"},
            "http://nas:9000",
        ),
    ],
)
def test_an_s3_server_of_ones_own_can_be_named(checkout, more, endpoint):
    env = parse({**S3, **more}, project_dir=checkout)

    assert env.store_s3 is not None
    assert env.store_s3.endpoint == endpoint


def test_a_bucket_without_the_package_for_it_is_refused_at_the_start(checkout, monkeypatch):
    monkeypatch.setattr("orchestrator.env.find_spec", lambda _: None)

    with pytest.raises(ImproperlyConfigured, match=r"furrow\[s3\]"):
        parse(S3, project_dir=checkout)


def test_an_s3_server_is_not_asked_in_the_clear_unasked(checkout):
    with pytest.raises(ImproperlyConfigured, match="FURROW_S3_ALLOW_HTTP"):
        parse({**S3, "FURROW_S3_ENDPOINT": "http://nas:9000"}, project_dir=checkout)


def test_a_refused_secret_is_not_repeated(checkout):
    with pytest.raises(ImproperlyConfigured) as refused:
        parse({"FURROW_SECRET_KEY": "hunter2"}, project_dir=checkout)

    assert "hunter2" not in str(refused.value)


# --- The kept key -----------------------------------------------------------------------------


def test_a_key_is_made_once_and_only_we_may_read_it(tmp_path):
    first = kept_secret_key(tmp_path / "var")
    second = kept_secret_key(tmp_path / "var")

    assert first == second
    assert len(first) >= 50
    assert (tmp_path / "var/secret_key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_a_process_that_was_second_takes_the_firsts_key(tmp_path, monkeypatch):
    winner = kept_secret_key(tmp_path)
    looks = iter([False])
    real = Path.exists
    monkeypatch.setattr(Path, "exists", lambda self: next(looks, None) or real(self))

    assert kept_secret_key(tmp_path) == winner
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_a_damaged_key_file_is_refused_with_the_way_out(tmp_path):
    (tmp_path / "secret_key").write_text("")

    with pytest.raises(ImproperlyConfigured, match="remove the file"):
        kept_secret_key(tmp_path)


def test_uploads_and_masks_have_their_bounds(checkout):
    env = parse({"FURROW_MASK_DILATION_M": "60"}, project_dir=checkout)

    assert env.mask_dilation_m == 60
    assert env.upload_max_bytes == 2 * 1024**3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FURROW_MASK_DILATION_M", "-1"),
        ("FURROW_MASK_DILATION_M", "1001"),
        ("FURROW_MASK_DILATION_M", "nan"),
        ("FURROW_UPLOAD_MAX_BYTES", "much"),
        ("FURROW_UPLOAD_MAX_BYTES", "0"),
    ],
)
def test_a_number_out_of_bounds_is_refused_with_its_name(checkout, name, value):
    with pytest.raises(ImproperlyConfigured, match=name):
        parse({name: value}, project_dir=checkout)
