"""What components need installed, checked before a study starts; and the command that installs it."""

from __future__ import annotations

import importlib.util
import re
from importlib.metadata import PackageNotFoundError, requires
from typing import TYPE_CHECKING

from harness.errors import MissingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.offers import Offer
    from harness.plugins import Plugins
    from harness.recipe import Use


def check(offers: Iterable[Offer], plugins: Plugins) -> None:
    """Check that every component's packages are installed.

    Raises:
        MissingError: one is not; the message says whose need it is and what to run.
    """
    for offer in offers:
        for package in offer.requires:
            if importlib.util.find_spec(package) is None:
                distribution = plugins.owner_of(offer.kind, offer.name).split(" ")[0]
                raise MissingError(
                    f"{offer.kind} {offer.name!r} needs the package {package}, which is not installed; "
                    f"run: pip install {_wanted(distribution, package)}"
                )


def check_programs(uses: Iterable[Use]) -> None:
    """Check that the programs that components start are there, in supported versions.

    Raises:
        MissingError: one is not; the message says whose need it is and what to run.
    """
    for use in uses:
        for program in use.offer.externals:
            try:
                program.find(getattr(use.params, "python", None))
            except MissingError as error:
                raise MissingError(f"{use.offer.kind} {use.offer.name!r}: {error}") from None


def _wanted(distribution: str, package: str) -> str:
    """Return the extra of the distribution that brings the package, or else the package itself."""
    try:
        lines = requires(distribution) or []
    except (PackageNotFoundError, ValueError):
        return package
    for line in lines:
        name = re.split(r"[\s<>=!~;\[(]", line, maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*[\"']([^\"']+)[\"']", line)
        if extra and extra[1] != "dev" and name.lower().replace("-", "_") == package.lower().replace("-", "_"):
            return f"'{distribution}[{extra[1]}]'"
    return package
