"""The report that a run leaves: beside the result, and never in its way."""

from __future__ import annotations

import json
from pathlib import Path

from study.toy_study import TOY, invoke


def test_run_ends_by_writing_a_report_that_nothing_depends_on(tmp_path: Path) -> None:
    done = invoke(tmp_path, TOY, "run", "--json", "--no-report")
    assert done.returncode == 0, done.stderr
    (result,) = tmp_path.glob("store/studies/toy-*/result.json")
    path = result.with_name("report.html")
    assert not path.exists() and "report" not in done.stderr
    again = invoke(tmp_path, TOY, "run", "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, json.loads(done.stdout))
    assert f"report  {path}" in again.stderr
    page = path.read_text(encoding="utf-8")
    assert "<h1>toy</h1>" in page and page.count("<figure") > 8 and 'id="sample-data-0"' in page
    path.unlink()
    path.mkdir()
    blocked = invoke(tmp_path, TOY, "run", "--json")
    assert blocked.returncode == 0 and "report  none: " in blocked.stderr and "Traceback" not in blocked.stderr
