"""What each kind of step does: one module a kind, named as the kind, each with `run(job)`."""
