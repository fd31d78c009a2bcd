"""A paged web interface with every fault that one can have (F54): all records, or none and the reason."""

import json
import threading
import time
from datetime import date
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import polars as pl
import pytest

from ingestion.contract import load_contracts
from ingestion.pull import http, page, pull_all
from ingestion.pull.contract import Http
from ingestion.store import RawStore
from tests.integration.pulled import TODAY, load

TOKEN = "hunter2token"


def record(number):
    return {
        "patent_no": f"ZL{number:04}",
        "kind": "发明",
        "holders": [f"企业{number}", "研究院"],
        "granted_on": "2026-03-01",
    }


RECORDS = [record(number) for number in range(10)]


class Interface:
    """A server that does what the script says; without one it answers as it should."""

    def __init__(self):
        self.records, self.requests, self.headers = list(RECORDS), [], []
        self.script = lambda number, answer: answer
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked = parse_qs(urlsplit(self.path).query)
                outer.requests.append(self.path)
                outer.headers.append(dict(self.headers))
                number, size = int(asked.get("page", ["1"])[0]), int(asked.get("size", ["4"])[0])
                rows = outer.records[(number - 1) * size : number * size]
                body = json.dumps({"total": len(outer.records), "data": rows}, ensure_ascii=False).encode()
                answer = {
                    "status": 200,
                    "type": "application/json",
                    "body": body,
                    "page": number,
                    "rows": rows,
                }
                answer = outer.script(len(outer.requests), answer)
                self.send_response(answer["status"])
                self.send_header("Content-Type", answer["type"])
                self.send_header("Content-Length", str(answer.get("length", len(answer["body"]))))
                for name, value in answer.get("headers", {}).items():
                    self.send_header(name, value)
                self.end_headers()
                for piece in answer.get("pieces", [answer["body"]]):
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(answer.get("pause", 0))

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):  # a client that gave up is what some of these tests are about
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/patents"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def says(self, total, rows):
        return json.dumps({"total": total, "data": rows}, ensure_ascii=False).encode()


@pytest.fixture
def interface():
    made = Interface()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def waits(monkeypatch):
    """The waits between attempts are noted and not spent."""
    noted = []
    monkeypatch.setattr(page, "_sleep", noted.append)
    return noted


@pytest.fixture
def home(tmp_path, monkeypatch, waits):
    monkeypatch.setenv("PATENT_TOKEN", TOKEN)
    return tmp_path


def pull(home, interface, **settings):
    given = {
        "source": "patent",
        "url": interface.url,
        "page": "page",
        "page_size": 4,
        "token_env": "PATENT_TOKEN",
    }
    return pull_all(home, {"patents": Http(**given | settings)}, load_contracts(), TODAY)


def refusal(pulled):
    """The code of the one problem, once it is sure that nothing was taken and nothing secret was said."""
    assert pulled.files == []
    (problem,) = pulled.problems
    assert TOKEN not in problem.zh + problem.en and "{" not in problem.zh + problem.en
    return problem.code


def test_all_records_come_as_one_file_that_takes_the_way_of_any_delivery(home, interface):
    pulled = pull(home, interface)
    assert pulled.problems == [] and pulled.files[0].sidecar == b'mode = "upsert"\n'
    lines = pulled.files[0].path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "granted_on,holders,kind,patent_no"
    assert lines[1] == "2026-03-01,企业0；研究院,发明,ZL0000" and len(lines) == 11
    (taken,) = load(home, pulled).taken
    assert (taken.receipt.refused, taken.receipt.accepted, taken.receipt.quarantined) == (None, 10, 0)
    rows = pl.read_parquet(taken.folder / "rows.parquet")
    assert rows["holders"][0].to_list() == ["企业0", "研究院"] and rows["granted_on"][0] == date(2026, 3, 1)


def test_the_token_goes_in_the_header_and_nowhere_else(home, interface):
    pull(home, interface)
    assert {head["Authorization"] for head in interface.headers} == {f"Bearer {TOKEN}"}
    assert not any(TOKEN in asked for asked in interface.requests)
    pull(home, interface, token_header="X-App-Key")
    assert interface.headers[-1]["X-App-Key"] == TOKEN
    assert all(TOKEN.encode() not in file.read_bytes() for file in home.rglob("*") if file.is_file())


def test_unchanged_data_change_nothing_in_whatever_order_they_come(home, interface):
    assert len(load(home, pull(home, interface)).new) == 1
    interface.records.reverse()
    again = pull(home, interface)
    assert again.files == [] and again.problems == []


def test_changed_data_are_a_new_delivery_and_so_is_the_way_back(home, interface):
    load(home, pull(home, interface))
    before = interface.records[3]
    interface.records[3] = before | {"holders": ["另一家"]}
    assert len(load(home, pull(home, interface), 2).new) == 1
    interface.records[3] = before
    assert len(load(home, pull(home, interface), 3).new) == 1
    assert pull(home, interface).files == []


def test_offsets_fixed_parameters_and_fields_by_path(home, interface):
    interface.records = [
        {"no": one["patent_no"], "of": {"kind": "发明", "who": "某厂"}} for one in RECORDS[:3]
    ]
    pulled = pull(
        home,
        interface,
        params={"year": 2026},
        columns={"patent_no": "no", "kind": "of.kind", "专利权人": "of.who"},
    )
    assert pulled.files[0].path.read_text().splitlines()[:2] == ["patent_no,kind,holders", "ZL0000,发明,某厂"]
    assert "year=2026" in interface.requests[0]
    pull(home, interface, page="", offset="start", page_size=3)
    assert "start=0" in interface.requests[-1]


def test_numbers_keep_every_digit(home, interface):
    told = b'{"uscc": "91340100MA2N0XY12K", "period": "2025", "revenue_yuan": 12345678901234567.123456}'
    body = b'{"total": 1, "data": [' + told + b"]}"
    interface.script = lambda number, answer: answer | {"body": body}
    pulled = pull(home, interface, source="enterprise_revenue")
    assert "12345678901234567.123456" in pulled.files[0].path.read_text()


def test_money_without_a_unit_is_refused_by_the_rule_for_every_file(home, interface):
    interface.records = [{"uscc": "91340100MA2N0XY12K", "period": "2025", "revenue": 12}]
    (taken,) = load(home, pull(home, interface, source="enterprise_revenue")).taken
    assert taken.receipt.refused.code == "unit_not_said"
    (_, taken) = load(home, pull(home, interface, source="enterprise_revenue", unit="万元"), 2).taken
    assert pl.read_parquet(taken.folder / "rows.parquet")["revenue"][0] == 120_000


# --- F54, fault by fault ---------------------------------------------------------------------------------


def test_f54_a_server_error_is_tried_again_with_longer_waits(home, interface, waits):
    interface.script = lambda number, answer: answer | {"status": 500} if number <= 3 else answer
    assert len(pull(home, interface).files) == 1
    assert waits == [1.0, 2.0, 4.0]


def test_f54_a_lasting_server_error_is_refused_after_a_few_attempts(home, interface, waits):
    interface.script = lambda number, answer: answer | {"status": 503}
    assert refusal(pull(home, interface)) == "pull_http_status"
    assert len(interface.requests) == page.TRIES and len(waits) == page.TRIES - 1


def test_f54_429_waits_as_long_as_it_is_told(home, interface, waits):
    later = {"Retry-After": "7"}
    interface.script = lambda number, a: a | {"status": 429, "headers": later} if number == 1 else a
    assert len(pull(home, interface).files) == 1
    assert waits == [7.0]


def test_f54_429_until_a_date(home, interface, waits):
    later = {"Retry-After": formatdate(time.time() + 30, usegmt=True)}
    interface.script = lambda number, a: a | {"status": 429, "headers": later} if number == 1 else a
    assert len(pull(home, interface).files) == 1
    assert 28 <= waits[0] <= 31


def test_f54_429_for_hours_is_left_to_the_next_run(home, interface, waits):
    interface.script = lambda number, a: a | {"status": 429, "headers": {"Retry-After": "7200"}}
    assert refusal(pull(home, interface)) == "pull_wait_too_long"
    assert waits == [] and len(interface.requests) == 1


def test_f54_no_wait_is_longer_than_the_cap(home, interface, waits, monkeypatch):
    monkeypatch.setattr(page, "TRIES", 12)
    interface.script = lambda number, answer: answer | {"status": 500}
    refusal(pull(home, interface))
    assert max(waits) == page.LONGEST_WAIT_SECONDS


def test_f54_a_server_that_never_answers(home, interface, monkeypatch):
    monkeypatch.setattr(page, "PAGE_SECONDS", 0.2)
    monkeypatch.setattr(page, "TRIES", 2)
    interface.script = lambda number, answer: time.sleep(0.6) or answer
    assert refusal(pull(home, interface)) == "pull_no_answer"


def test_f54_a_slow_drip_is_cut_though_bytes_keep_coming(home, interface, monkeypatch):
    monkeypatch.setattr(page, "PAGE_SECONDS", 0.3)
    monkeypatch.setattr(page, "TRIES", 1)
    interface.script = lambda number, a: a | {"pieces": [bytes([b]) for b in a["body"]], "pause": 0.05}
    began = time.monotonic()
    assert refusal(pull(home, interface)) == "pull_too_slow"
    assert time.monotonic() - began < 2


def test_f54_nobody_listens(home, interface):
    interface.server.shutdown()
    interface.server.server_close()
    assert refusal(pull(home, interface)) == "pull_no_answer"


def test_f54_a_page_cut_off_on_the_wire(home, interface):
    interface.script = lambda number, a: a | {"length": len(a["body"]) + 100} if a["page"] == 2 else a
    assert refusal(pull(home, interface)) == "pull_no_answer"


def test_f54_half_a_page_is_no_page(home, interface):
    interface.script = lambda number, a: (
        a | {"body": interface.says(10, a["rows"][:2])} if a["page"] == 2 else a
    )
    assert refusal(pull(home, interface)) == "pull_half_page"


def test_f54_a_smaller_page_than_asked_for_is_told_with_its_remedy(home, interface):
    interface.script = lambda number, a: a | {"body": interface.says(10, RECORDS[:3])}
    pulled = pull(home, interface)
    assert refusal(pulled) == "pull_half_page" and "page_size" in pulled.problems[0].zh


def test_f54_a_repeated_page(home, interface):
    interface.script = lambda number, a: (
        a | {"body": interface.says(10, RECORDS[:4])} if a["page"] == 2 else a
    )
    assert refusal(pull(home, interface)) == "pull_repeated"


def test_f54_a_changed_order_is_seen_by_the_first_page_asked_again(home, interface):
    """One record goes and another comes: every count is right, and one record is on no page."""
    held = list(RECORDS)

    def script(number, answer):
        if answer["page"] == 1 and number in (1, 5):
            interface.records = list(held)
            return answer | {"body": interface.says(10, held[:4])}
        interface.records = [*held[1:], record(77)]
        return answer | {"body": interface.says(10, interface.records[(answer["page"] - 1) * 4 :][:4])}

    interface.script = script
    assert refusal(pull(home, interface)) == "pull_order_changed"


def test_f54_data_that_move_once_are_asked_for_once_more(home, interface):
    def script(number, answer):
        return answer | {"body": interface.says(11, answer["rows"])} if number == 2 else answer

    interface.script = script
    assert len(pull(home, interface).files) == 1


def test_f54_a_total_that_changes(home, interface):
    interface.script = lambda number, a: a | {"body": interface.says(11, a["rows"])} if a["page"] == 3 else a
    assert refusal(pull(home, interface)) == "pull_total_changed"


def test_f54_a_total_that_no_page_bears_out(home, interface):
    interface.script = lambda number, a: a | {"body": interface.says(14, a["rows"])}
    assert refusal(pull(home, interface)) == "pull_half_page"


@pytest.mark.parametrize(
    "body",
    [
        b'{"total": 10, "data": [{"patent_no": "ZL',
        b"",
        b"\xff\xfe\x00 no text",
        b'{"total": 1, "data": [{"patent_no": NaN}]}',
        b"[" * 100_000,
        b'{"total": 1, "data": [{"patent_no": "\\ud83d", "kind": "x", "holders": "y"}]}',
    ],
)
def test_f54_invalid_json(home, interface, body):
    interface.script = lambda number, answer: answer | {"body": body}
    assert refusal(pull(home, interface)) == "pull_not_json"


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": 500, "msg": "error"}',
        b"[]",
        b'{"total": null, "data": []}',
        b'{"total": 1, "data": ["x"]}',
        b'{"total": -1, "data": []}',
        b'{"total": 1.5, "data": []}',
    ],
)
def test_f54_an_error_that_calls_itself_200(home, interface, body):
    interface.script = lambda number, answer: answer | {"body": body}
    assert refusal(pull(home, interface)) == "pull_no_such_path"


def test_f54_a_login_page_with_200(home, interface):
    login = "\n<!DOCTYPE html><html><title>统一认证</title>".encode()
    interface.script = lambda number, answer: answer | {"body": login, "type": "text/html"}
    assert refusal(pull(home, interface)) == "pull_web_page"
    assert len(interface.requests) == 1


def test_f54_a_redirect_to_the_login_page_of_the_same_host(home, interface):
    def script(number, answer):
        if number == 1:
            return answer | {"status": 302, "headers": {"Location": "/login?next=/api"}}
        return answer | {"body": b"<html>login</html>", "type": "text/html"}

    interface.script = script
    assert refusal(pull(home, interface)) == "pull_web_page"
    assert interface.requests[1] == "/login?next=/api"


def test_f54_a_redirect_to_another_host_is_not_followed(home, interface):
    other = Interface()
    interface.script = lambda number, a: a | {"status": 302, "headers": {"Location": other.url + "?ticket=1"}}
    pulled = pull(home, interface)
    assert refusal(pulled) == "pull_redirected" and "ticket" not in pulled.problems[0].en
    assert other.requests == []
    other.server.shutdown()
    other.server.server_close()


def test_f54_redirects_in_a_circle(home, interface):
    interface.script = lambda number, a: a | {"status": 307, "headers": {"Location": "/api/patents"}}
    assert refusal(pull(home, interface)) == "pull_redirected"
    assert len(interface.requests) == page.REDIRECTS + 1


@pytest.mark.parametrize("status", [401, 403])
def test_f54_a_wrong_token(home, interface, status):
    interface.script = lambda number, answer: answer | {"status": status, "body": TOKEN.encode()}
    pulled = pull(home, interface)
    assert refusal(pulled) == "pull_rejected" and "PATENT_TOKEN" in pulled.problems[0].zh


def test_f54_not_found_is_not_tried_again(home, interface):
    interface.script = lambda number, answer: answer | {"status": 404}
    assert refusal(pull(home, interface)) == "pull_http_status" and len(interface.requests) == 1


def test_f54_a_page_without_end(home, interface, monkeypatch):
    monkeypatch.setattr(page, "PAGE_BYTES", 100)
    assert refusal(pull(home, interface)) == "pull_too_large"


def test_f54_nothing_at_all_is_not_taken_for_an_empty_register(home, interface):
    interface.records = []
    assert refusal(pull(home, interface)) == "pull_empty"


def test_f54_the_whole_pull_has_a_deadline(home, interface, waits):
    interface.script = lambda number, answer: answer | {"status": 500}
    assert refusal(pull(home, interface, timeout=2)) == "pull_http_status"
    assert waits == [1.0]


# --- what else a structure can do ------------------------------------------------------------------------


def test_a_field_that_no_record_has_any_more(home, interface):
    interface.records = [{k: v for k, v in one.items() if k != "holders"} for one in RECORDS]
    assert refusal(pull(home, interface)) == "pull_missing_column"
    columns = {"patent_no": "patent_no", "kind": "kind", "holders": "owner.name"}
    assert refusal(pull(home, interface, columns=columns)) == "pull_missing_column"


def test_an_optional_field_that_vanishes_is_not_taken_for_blanks(home, interface):
    load(home, pull(home, interface))
    interface.records = [{k: v for k, v in one.items() if k != "granted_on"} for one in RECORDS]
    pulled = pull(home, interface)
    assert refusal(pulled) == "pull_column_gone" and "granted_on" in pulled.problems[0].en


def test_a_record_without_an_optional_field_has_a_blank(home, interface):
    interface.records = [*RECORDS, {k: v for k, v in record(99).items() if k != "granted_on"}]
    assert ",企业99；研究院,发明,ZL0099" in pull(home, interface).files[0].path.read_text()


def test_a_level_below_is_refused_with_its_remedy(home, interface):
    interface.records = [one | {"title": {"zh": "一种"}} for one in RECORDS]
    assert refusal(pull(home, interface)) == "pull_nested"


def test_a_separator_inside_a_list_is_refused(home, interface):
    interface.records = [one | {"holders": ["甲、乙厂"]} for one in RECORDS]
    assert refusal(pull(home, interface)) == "pull_separator"


def test_one_record_twice_is_told_unless_another_field_tells_them_apart(home, interface):
    interface.records = [{**one, "id": place} for place, one in enumerate([*RECORDS[:3], RECORDS[0]])]
    assert refusal(pull(home, interface)) == "pull_repeated"
    assert len(pull(home, interface, id="id").files) == 1


def test_a_refusal_keeps_what_was_loaded_and_says_how_old_it_is(home, interface):
    load(home, pull(home, interface))
    interface.script = lambda number, answer: answer | {"status": 500}
    later = Http(source="patent", url=interface.url, page="page", page_size=4)
    pulled = pull_all(home, {"patents": later}, load_contracts(), date(2026, 11, 26))
    assert refusal(pulled) == "pull_http_status"
    assert "2026-11-23" in pulled.problems[0].zh and "3 days ago" in pulled.problems[0].en
    (kept,) = RawStore(home).deliveries()
    assert RawStore(home).blob(kept.sha256).exists()


def test_a_refusal_of_one_pull_stops_no_other(home, interface):
    good = Http(source="patent", url=interface.url, page="page", page_size=4)
    bad = Http(source="patent", url=interface.url, page="page", token_env="NO_SUCH_TOKEN")
    pulled = pull_all(home, {"a": bad, "b": good}, load_contracts(), TODAY)
    assert [one.code for one in pulled.problems] == ["pull_secret_missing"] and len(pulled.files) == 1


def test_a_token_that_cannot_be_sent_is_not_shown(home, interface, monkeypatch):
    monkeypatch.setenv("PATENT_TOKEN", "hunter2\u2028token")
    pulled = pull(home, interface)
    assert pulled.problems[0].code == "pull_secret_unreadable" and "hunter2" not in str(pulled.problems)


def test_pages_are_asked_for_twice_at_most(home, interface):
    interface.script = lambda number, a: a | {"body": interface.says(10 + number, a["rows"])}
    refusal(pull(home, interface))
    assert len(interface.requests) == 2 * http.TRIES
