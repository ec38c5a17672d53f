"""The filter: below the median accuracy and above the median loss, both strictly."""

from hypothesis import given
from hypothesis import strategies as st

from harness.ranking.workflow import Filter, drop_low_and_high


def screen(accuracies: dict[str, float | None], losses: dict[str, float | None] | None) -> Filter:
    return drop_low_and_high(accuracies, losses, accuracy="pass@1", loss=None if losses is None else "loss")


def test_filter_drops_only_what_is_bad_twice() -> None:
    found = screen({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}, {"a": 2.0, "b": 0.5, "c": 3.0, "d": 0.6})
    assert (found.median_accuracy, found.median_loss) == (0.25, 1.3)
    assert (found.dropped, found.at_median, found.reason) == (("a",), (), None)


def test_filter_keeps_and_names_what_is_just_the_median() -> None:
    found = screen({"a": 0.1, "b": 0.2, "c": 0.3}, {"a": 2.0, "b": 3.0, "c": 1.0})
    assert (found.dropped, found.at_median) == ((), ("a", "b"))


def test_filter_drops_nobody_when_all_are_equal() -> None:
    found = screen({"a": 0.1, "b": 0.1}, {"a": 2.0, "b": 2.0})
    assert (found.dropped, found.at_median) == ((), ("a", "b"))


def test_filter_leaves_undefined_figures_out_of_the_medians() -> None:
    found = screen({"a": 0.1, "b": 0.3, "c": None}, {"a": 2.0, "b": 1.0, "c": 9.0})
    assert (found.median_accuracy, found.median_loss) == (0.2, 1.5)
    assert (found.dropped, found.unread) == (("a",), ("c",))


def test_filter_is_not_applied_where_there_is_nothing_to_go_by() -> None:
    assert "--heldout" in str(screen({"a": 0.1, "b": 0.2}, None).reason)
    assert "one checkpoint" in str(screen({"a": 0.1}, {"a": 1.0}).reason)
    assert "fewer than two" in str(screen({"a": 0.1, "b": None}, {"a": 1.0, "b": 1.0}).reason)
    assert screen({"a": 0.1, "b": 0.2}, None).to_json()["applied"] is False


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 9)), min_size=1, max_size=12))
def test_filter_never_drops_the_most_accurate_or_everybody(pairs: list[tuple[float, float]]) -> None:
    names = [str(i) for i in range(len(pairs))]
    found = screen(
        dict(zip(names, [a for a, _ in pairs], strict=True)), dict(zip(names, [b for _, b in pairs], strict=True))
    )
    best = max(range(len(pairs)), key=lambda i: pairs[i][0])
    assert str(best) not in found.dropped
    assert len(found.dropped) <= len(pairs) // 2
