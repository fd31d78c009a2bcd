"""A real PostgreSQL, started here: COPY in one snapshot, the watermark, and a source that fails (F56)."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import polars as pl
import psycopg
import pytest

from ingestion.contract import load_contracts
from ingestion.pull import postgres, pull_all
from ingestion.pull.contract import Postgres
from ingestion.store import RawStore
from tests.integration.pulled import TODAY, load

PASSWORD = "hunter2/p@ss"
TABLE = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO reader;
CREATE TABLE patent
  (no text, kind text, holders text[], granted timestamptz, exploited boolean, updated timestamptz);
INSERT INTO patent
SELECT 'ZL' || lpad(n::text, 4, '0'), '发明', ARRAY['企业' || n, '研究院'], '2026-03-01 00:30+08', n % 2 = 0,
       timestamptz '2026-11-01 08:00+08' + n * interval '1 hour' FROM generate_series(1, 50) AS n;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
"""
QUERY = """
SELECT no AS patent_no, kind, holders, granted AS granted_on, exploited, updated FROM patent -- 备注 %s {x}
"""


def _programs():
    """The folder that holds initdb and postgres: Debian keeps them off the path."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@pytest.fixture(scope="module")
def server():
    """A server of our own on a port of 127.0.0.1, gone with its files afterwards; DSN of its superuser."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short: a socket's path has 107 bytes
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    (folder / "password").write_text("owner")
    if user:
        shutil.chown(folder, "nobody", "nogroup")  # PostgreSQL refuses to run as root
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    made = ["-U", "owner", "--auth=scram-sha-256", f"--pwfile={folder}/password", "--no-sync"]
    made += ["--encoding=UTF8", "--locale=C"]
    subprocess.run(
        [programs / "initdb", "-D", data, *made], check=True, capture_output=True, cwd=folder, **user
    )
    fast = ["fsync=off", "max_wal_senders=0", "wal_level=minimal", f"port={port}"]
    fast += ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
    process = subprocess.Popen(
        [programs / "postgres", "-D", data, *(part for one in fast for part in ("-c", one))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **user,
    )
    dsn = f"host=127.0.0.1 port={port} dbname=postgres user=owner password=owner"
    try:
        with _when_up(dsn, process) as connection:
            quoted = PASSWORD.replace("'", "''")
            connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{quoted}'")
        yield dsn
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _when_up(dsn, process):
    for _ in range(200):
        try:
            return psycopg.connect(dsn, autocommit=True)
        except psycopg.OperationalError:
            assert process.poll() is None, "postgres did not start"
            time.sleep(0.05)
    raise AssertionError("postgres did not come up")


@pytest.fixture
def owner(server):
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(TABLE)
        yield connection


@pytest.fixture
def home(tmp_path, server, owner, monkeypatch):
    reader = psycopg.conninfo.make_conninfo(server, user="reader", password=PASSWORD)
    monkeypatch.setenv("PATENT_DSN", reader)
    return tmp_path


def pull(home, on=TODAY, **settings):
    given = {"source": "patent", "dsn_env": "PATENT_DSN", "query": QUERY, "timeout": 20}
    return pull_all(home, {"patents": Postgres(**given | settings)}, load_contracts(), on)


def lines(pulled):
    assert pulled.problems == [], pulled.problems
    return pulled.files[0].path.read_text(encoding="utf-8").splitlines()


def refusal(pulled):
    """The code of the one problem, once it is sure that nothing was taken and nothing secret was said."""
    assert pulled.files == []
    (problem,) = pulled.problems
    for secret in (PASSWORD, "hunter2", os.environ.get("PATENT_DSN") or "-"):
        assert secret not in problem.zh + problem.en
    return problem.code


# --- the rows --------------------------------------------------------------------------------------------


def test_a_query_becomes_a_file_that_takes_the_way_of_any_delivery(home):
    pulled = pull(home)
    assert lines(pulled)[:2] == [
        "patent_no,kind,holders,granted_on,exploited,updated",
        "ZL0001,发明,企业1；研究院,2026-03-01,false,2026-11-01 09:00:00+08",
    ]
    assert pulled.files[0].sidecar == b'mode = "upsert"\n'
    (taken,) = load(home, pulled).taken
    assert (taken.receipt.refused, taken.receipt.accepted, taken.receipt.quarantined) == (None, 50, 0)
    rows = pl.read_parquet(taken.folder / "rows.parquet").sort("patent_no")
    assert rows["granted_on"][0] == date(2026, 3, 1) and rows["exploited"].to_list()[:2] == [False, True]
    assert rows["holders"][0].to_list() == ["企业1", "研究院"]


def test_an_unchanged_source_changes_nothing_however_its_rows_lie(home, owner):
    load(home, pull(home))
    owner.execute("UPDATE patent SET kind = kind WHERE no < 'ZL0020'; CREATE INDEX ON patent (updated DESC)")
    again = pull(home)
    assert again.files == [] and again.problems == []
    assert [one.name for one in (home / "warehouse/pulled/patents").iterdir()] != [".rows.part"]


def test_a_change_is_a_new_delivery_and_so_is_the_way_back(home, owner):
    load(home, pull(home))
    for run, kind in enumerate(("实用新型", "发明"), 2):
        owner.execute("UPDATE patent SET kind = %s WHERE no = 'ZL0007'", [kind])
        assert len(load(home, pull(home), run).new) == 1


def test_text_comes_through_exactly(home, owner):
    odd = 'a"b,c;\n=1+1\t𠮷 \\. '
    owner.execute("ALTER TABLE patent ADD title text")
    owner.execute("UPDATE patent SET title = %s WHERE no = 'ZL0001'", [odd])
    (taken,) = load(home, pull(home, query="SELECT no AS patent_no, kind, holders, title FROM patent")).taken
    rows = pl.read_parquet(taken.folder / "rows.parquet").sort("patent_no")
    assert rows["title"][0].split() == odd.split() and rows["title"][1] is None


def test_numbers_keep_every_digit(home, owner):
    owner.execute(
        "CREATE TABLE m AS SELECT '91340100MA2N0XY12K' AS uscc, 2025 AS period, 0.1::float8 AS revenue_yuan"
    )
    owner.execute(
        "GRANT SELECT ON m TO reader; INSERT INTO m VALUES ('91340100MA2N0XY13K', 2025, 123456789012.34567)"
    )
    found = lines(pull(home, source="enterprise_revenue", query="TABLE m"))
    assert found[1:] == ["91340100MA2N0XY12K,2025,0.1", "91340100MA2N0XY13K,2025,123456789012.34567"]


def test_a_separator_inside_a_list_is_refused(home, owner):
    owner.execute("UPDATE patent SET holders = ARRAY['甲、乙厂'] WHERE no = 'ZL0001'")
    assert refusal(pull(home)) == "pull_separator"


def test_the_query_may_stand_in_a_file(home):
    (home / "patents.sql").write_text("SELECT no AS 专利号, kind, holders FROM patent;\n", encoding="utf-8")
    assert lines(pull(home, query="", query_file="patents.sql"))[0] == "patent_no,kind,holders"


def test_names_with_quotes_are_names(home, owner):
    query = """SELECT no AS patent_no, kind, holders, no AS "a""b,'); DROP TABLE patent; --" FROM patent"""
    assert lines(pull(home, query=query))[0].endswith(""","a""b,'); DROP TABLE patent; --\"""")
    assert owner.execute("SELECT count(*) FROM patent").fetchone() == (50,)


def test_many_rows_stream_through_little_memory(home):
    query = (
        "SELECT n AS patent_no, '发明' AS kind, '企业' || n AS holders FROM generate_series(1, 300000) AS n"
    )
    began = time.monotonic()
    assert len(lines(pull(home, query=query))) == 300_001
    assert time.monotonic() - began < 20


# --- the watermark ---------------------------------------------------------------------------------------


def test_by_watermark_only_what_moved_comes(home, owner):
    assert len(load(home, pull(home, watermark="updated")).taken) == 1
    assert pull(home, watermark="updated").files == []
    owner.execute(
        "UPDATE patent SET kind = '外观设计', updated = now() - interval '1 hour' WHERE no = 'ZL0003'"
    )
    found = pull(home, watermark="updated")
    assert any(line.startswith("ZL0003,外观设计") for line in lines(found)) and len(lines(found)) < 30
    assert found.files[0].sidecar == b'mode = "upsert"\n'
    load(home, found, 2)
    assert pull(home, watermark="updated").files == []


def test_a_row_that_a_long_transaction_commits_late_is_not_lost(home, owner, server):
    with psycopg.connect(server) as late:
        late.execute(
            "INSERT INTO patent VALUES ('ZL9999', '发明', '{某厂}', NULL, false, '2026-11-03 09:59+08')"
        )
        load(home, pull(home, watermark="updated"))  # its highest watermark is 10:00 of that day
        late.commit()
    assert any(line.startswith("ZL9999") for line in lines(pull(home, watermark="updated")))


def test_rows_without_a_time_and_rows_of_the_future_are_not_lost(home, owner):
    owner.execute("UPDATE patent SET updated = 'infinity' WHERE no = 'ZL0001'")
    owner.execute("UPDATE patent SET updated = '2999-01-01' WHERE no = 'ZL0002'")
    load(home, pull(home, watermark="updated"))
    assert pull(home, watermark="updated").files == []
    owner.execute("INSERT INTO patent VALUES ('ZL8888', '发明', '{某厂}', NULL, false, NULL)")
    owner.execute("INSERT INTO patent VALUES ('ZL8889', '发明', '{某厂}', NULL, false, now())")
    found = "\n".join(lines(pull(home, watermark="updated")))
    assert "ZL8888" in found and "ZL8889" in found


def test_a_run_that_dies_before_the_file_is_on_record_loses_nothing(home, owner):
    load(home, pull(home, watermark="updated"))
    owner.execute("UPDATE patent SET kind = '外观设计', updated = now() WHERE no = 'ZL0003'")
    first = pull(home, watermark="updated")  # and the run dies here
    owner.execute("UPDATE patent SET kind = '实用新型', updated = now() WHERE no = 'ZL0004'")
    found = "\n".join(lines(pull(home, watermark="updated")))
    assert "ZL0003,外观设计" in found and "ZL0004,实用新型" in found and len(first.files) == 1


def test_what_is_no_time_is_no_watermark(home):
    assert refusal(pull(home, watermark="patent_no")) == "pull_no_watermark"
    assert refusal(pull(home, watermark="nothing")) == "pull_no_watermark"


def test_a_day_is_a_watermark_too(home, owner):
    query = "SELECT no AS patent_no, kind, holders, updated::date AS day FROM patent"
    load(home, pull(home, query=query, watermark="day"))
    assert pull(home, query=query, watermark="day").files == []


# --- F56, fault by fault ---------------------------------------------------------------------------------


def test_f56_the_database_is_down(home, server, monkeypatch):
    load(home, pull(home))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = str(free.getsockname()[1])
        reader = psycopg.conninfo.make_conninfo(server, user="reader", password=PASSWORD, port=nobody)
    monkeypatch.setenv("PATENT_DSN", reader)
    pulled = pull(home, on=date(2026, 11, 25))
    assert refusal(pulled) == "pull_source_down"
    assert "2026-11-23" in pulled.problems[0].zh and "2 days ago" in pulled.problems[0].en
    assert len(RawStore(home).deliveries()) == 1


def test_f56_a_wrong_password_is_never_shown(home, server, monkeypatch):
    for dsn in (
        psycopg.conninfo.make_conninfo(server, user="reader", password="wrong-hunter2"),
        psycopg.conninfo.make_conninfo(server, user="nobody-here", password="wrong-hunter2"),
        psycopg.conninfo.make_conninfo(server, user="reader", password=PASSWORD, dbname="hunter2"),
    ):
        monkeypatch.setenv("PATENT_DSN", dsn)
        pulled = pull_all(
            home, {"p": Postgres(source="patent", dsn_env="PATENT_DSN", query=QUERY)}, load_contracts(), TODAY
        )
        assert pulled.problems[0].code == "pull_source_down"
        assert "wrong-hunter2" not in str(pulled.problems) and PASSWORD not in str(pulled.problems)


def test_f56_a_secret_that_is_no_dsn_is_never_shown(home, monkeypatch):
    for dsn in ("hunter2", "postgres://reader:hunter2@[db/patents", "host=x passwort=hunter2"):
        monkeypatch.setenv("PATENT_DSN", dsn)
        assert refusal(pull(home)) in ("pull_secret_unreadable", "pull_source_down")


def test_f56_the_secret_is_not_there(home, monkeypatch):
    monkeypatch.delenv("PATENT_DSN")
    assert refusal(pull(home)) == "pull_secret_missing"


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE patent DROP COLUMN kind",
        "ALTER TABLE patent RENAME COLUMN holders TO owners",
        "DROP TABLE patent",
    ],
)
def test_f56_a_changed_table_is_refused_and_yesterdays_rows_stay(home, owner, change):
    load(home, pull(home))
    owner.execute(change)
    assert refusal(pull(home)) == "pull_query_failed"
    assert len(RawStore(home).deliveries()) == 1


def test_f56_a_changed_table_behind_a_star(home, owner):
    owner.execute("CREATE VIEW v AS SELECT no AS patent_no, kind, holders, granted AS granted_on FROM patent")
    owner.execute("GRANT SELECT ON v TO reader")
    load(home, pull(home, query="SELECT * FROM v"))
    owner.execute("DROP VIEW v; CREATE VIEW v AS SELECT no AS patent_no, kind, holders FROM patent")
    owner.execute("GRANT SELECT ON v TO reader")
    assert refusal(pull(home, query="SELECT * FROM v")) == "pull_column_gone"
    owner.execute("DROP VIEW v; CREATE VIEW v AS SELECT no AS patent_no, holders FROM patent")
    owner.execute("GRANT SELECT ON v TO reader")
    assert refusal(pull(home, query="SELECT * FROM v")) == "pull_missing_column"


def test_f56_no_right_to_read(home, owner):
    owner.execute("REVOKE ALL ON patent FROM reader")
    assert refusal(pull(home)) == "pull_no_permission"


def test_f56_a_table_emptied_by_mistake_deletes_nothing(home, owner):
    load(home, pull(home))
    owner.execute("TRUNCATE patent")
    assert refusal(pull(home)) == "pull_empty"


def test_f56_a_query_cannot_write_nor_be_two(home, owner, server, monkeypatch):
    monkeypatch.setenv("PATENT_DSN", server)  # even for one who may
    owner.execute("CREATE FUNCTION wipe() RETURNS text LANGUAGE sql AS 'DELETE FROM patent RETURNING no'")
    query = "SELECT wipe() AS patent_no, '发明' AS kind, '某厂' AS holders"
    assert refusal(pull(home, query=query)) == "pull_query_writes"
    assert refusal(pull(home, query="SELECT 1) AS q; COMMIT; DROP TABLE patent; --")) == "pull_query_failed"
    assert owner.execute("SELECT count(*) FROM patent").fetchone() == (50,)


def test_f56_a_slow_query_ends_at_its_time(home):
    query = "SELECT no AS patent_no, kind, holders, pg_sleep(9)::text AS s FROM patent"
    began = time.monotonic()
    assert refusal(pull(home, query=query, timeout=1)) == "pull_timeout"
    assert time.monotonic() - began < 6


def test_f56_a_server_process_that_is_killed_in_the_middle(home, owner):
    ends = threading.Timer(0.7, lambda: owner.execute(_ALL_READERS.format("pg_terminate_backend(pid)")))
    ends.start()
    query = "SELECT no AS patent_no, kind, holders, pg_sleep(0.1)::text AS s FROM patent"
    assert refusal(pull(home, query=query)) == "pull_cut_off"
    ends.join()


def test_f56_a_server_that_hangs_is_cut_off(home, owner, monkeypatch):
    """Stopped, its process answers nothing, keeps the line open and cannot keep its own time limit."""
    monkeypatch.setattr(postgres, "GRACE_SECONDS", 1)
    stopped = []

    def stop():
        stopped.append(owner.execute(_ALL_READERS.format("pid")).fetchone()[0])
        os.kill(stopped[0], signal.SIGSTOP)

    timer = threading.Timer(0.5, stop)
    timer.start()
    query = "SELECT no AS patent_no, kind, holders, pg_sleep(0.1)::text AS s FROM patent"
    began = time.monotonic()
    try:
        assert refusal(pull(home, query=query, timeout=1)) == "pull_cut_off"
        assert time.monotonic() - began < 8
    finally:
        timer.join()
        for process in stopped:
            os.kill(process, signal.SIGCONT)


def test_f56_a_port_that_takes_the_call_and_says_nothing(home, server, monkeypatch):
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 2)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        port = str(mute.getsockname()[1])
        reader = psycopg.conninfo.make_conninfo(server, user="reader", password=PASSWORD, port=port)
        monkeypatch.setenv("PATENT_DSN", reader)
        assert refusal(pull(home)) == "pull_source_down"


def test_rows_of_one_moment_though_others_write(home, owner, server):
    """Mark and rows are of one snapshot: what is written meanwhile comes next time, whole."""
    slow = "SELECT no AS patent_no, kind, holders, updated, pg_sleep(0.01)::text AS s FROM patent"

    def write():
        with psycopg.connect(server, autocommit=True) as other:
            other.execute("UPDATE patent SET kind = '外观设计', updated = now()")

    writer = threading.Timer(0.3, write)
    writer.start()
    first = pull(home, query=slow, watermark="updated")
    assert not any("外观设计" in line for line in lines(first))
    writer.join()
    load(home, first)
    assert sum("外观设计" in line for line in lines(pull(home, query=slow, watermark="updated"))) == 50


_ALL_READERS = "SELECT {} FROM pg_stat_activity WHERE usename = 'reader' AND backend_type = 'client backend'"
