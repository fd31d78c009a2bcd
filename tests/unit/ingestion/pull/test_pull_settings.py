"""What `[pull.<name>]` may say, and that no wrong table repeats what may be a secret."""

import pytest

from ingestion.pull import PullSettingsError, pulls_as_settings, pulls_from_settings
from ingestion.pull.contract import Folder, Http, Postgres

POSTGRES = {"source": "patent", "kind": "postgres", "dsn_env": "PATENT_DSN", "query": "select 1"}
HTTP = {"source": "patent", "kind": "http", "url": "https://example.org/api", "page": "page"}
FOLDER = {"source": "patent", "kind": "folder", "url": "s3://bucket/prefix", "pattern": "*.csv"}


def test_each_kind_is_read_with_its_defaults():
    pulls = pulls_from_settings({"a": POSTGRES, "b": HTTP, "c": FOLDER})
    assert isinstance(pulls["a"], Postgres) and pulls["a"].overlap == "1 day"
    assert isinstance(pulls["b"], Http) and pulls["b"].page_size == 500
    assert isinstance(pulls["c"], Folder) and pulls["c"].pattern == "*.csv"


def test_what_is_written_back_reads_the_same():
    pulls = pulls_from_settings({"a": POSTGRES, "b": HTTP, "c": FOLDER})
    assert pulls_from_settings(pulls_as_settings(pulls)) == pulls


def test_a_name_may_be_chinese_but_no_path():
    assert list(pulls_from_settings({"专利库": POSTGRES})) == ["专利库"]
    with pytest.raises(PullSettingsError, match="name may hold"):
        pulls_from_settings({"../x": POSTGRES})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (POSTGRES | {"source": "nowhere"}, "there is no source nowhere"),
        (POSTGRES | {"source": "../sources/patent"}, "there is no source"),
        (POSTGRES | {"kind": "oracle"}, "kind must be one of postgres, http, folder"),
        (POSTGRES | {"qurey": "x"}, "there is no setting qurey"),
        (POSTGRES | {"timeout": 0}, "timeout must be at least"),
        (POSTGRES | {"timeout": True}, "timeout has the wrong type"),
        (POSTGRES | {"query_file": "a.sql"}, "either query or query_file"),
        (POSTGRES | {"watermark": "t", "mode": "full"}, "mode cannot be full"),
        (POSTGRES | {"overlap": "1 day'; drop"}, "overlap is written like"),
        (POSTGRES | {"unit": "角"}, "unit must be one of"),
        ({k: v for k, v in POSTGRES.items() if k != "dsn_env"}, "dsn_env is missing"),
        (HTTP | {"url": "ftp://example.org"}, "must begin with http"),
        (HTTP | {"url": "http://example.org", "token_env": "T"}, "only sent over https"),
        (HTTP | {"offset": "start"}, "either page or offset"),
        (HTTP | {"total": ""}, "nothing proves that all came"),
        (HTTP | {"columns": ["a"]}, "columns has the wrong type"),
        (FOLDER | {"url": "/data"}, "must begin with file://"),
        (FOLDER | {"url": "simplecache::s3://bucket"}, "must begin with file://"),
        (FOLDER | {"unit": "元"}, "there is no setting unit"),
    ],
)
def test_a_wrong_table_is_named_in_words(table, said):
    with pytest.raises(PullSettingsError) as error:
        pulls_from_settings({"x": table})
    assert said in error.value.en and "[pull.x]" in error.value.zh


@pytest.mark.parametrize(
    "table",
    [
        POSTGRES | {"dsn_env": "postgres://reader:hunter2@db/patents"},
        POSTGRES | {"dsn_env": 7, "query": ["hunter2"]},
        HTTP | {"url": "https://reader:hunter2@example.org"},
        HTTP | {"token_env": "Bearer hunter2"},
        FOLDER | {"url": "s3://reader:hunter2@bucket"},
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(table):
    with pytest.raises(PullSettingsError) as error:
        pulls_from_settings({"x": table})
    assert "hunter2" not in f"{error.value}{error.value.zh}{error.value.en}"


def test_all_offenders_are_told_at_once():
    with pytest.raises(PullSettingsError) as error:
        pulls_from_settings({"a": POSTGRES | {"unit": "角"}, "b": 7})
    assert "[pull.a]" in error.value.en and "[pull.b]" in error.value.en
