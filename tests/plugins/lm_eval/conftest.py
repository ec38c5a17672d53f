"""A small task folder, as people write them, and a checkpoint that needs no download."""

import json
from pathlib import Path

import pytest

TASK = """\
task: small-sums
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: generate_until
target_delimiter: ""
doc_to_text: "{{{{question}}}}?>"
doc_to_target: "{{{{answer}}}}"
generation_kwargs:
  until: [";", "?>"]
  max_gen_toks: 24
  do_sample: true
  temperature: 1.0
repeats: {repeats}
filter_list:
  - name: last-number
    filter:
      - function: regex
        group_select: -1
        regex_pattern: "(-?[0-9]+)"
      - function: take_first
  - name: whole
    filter:
      - function: take_first
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
metadata:
  version: 2.0
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path_factory.getbasetemp() / "datasets"))


@pytest.fixture
def task_folder(tmp_path: Path) -> Path:
    return write_task(tmp_path / "tasks")


def write_task(folder: Path, repeats: int = 1, **changes: str) -> Path:
    folder.mkdir()
    rows = [{"question": f"{n}+{n}", "answer": str(2 * n)} for n in range(1, 5)]
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = TASK.format(data=data, repeats=repeats)
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / "small.yaml").write_text(text)
    return folder
