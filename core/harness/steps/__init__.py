"""What each kind of step does; one module a kind, each with `run(job)`."""

from harness.steps import analyze, curate, data, grade, model, proxy, sample, score, train

RUN = {
    "model": model.run,
    "data": data.run,
    "curate": curate.run,
    "train": train.run,
    "sample": sample.run,
    "grade": grade.run,
    "score": score.run,
    "proxy": proxy.run,
    "analyze": analyze.run,
}

__all__ = ["RUN"]
