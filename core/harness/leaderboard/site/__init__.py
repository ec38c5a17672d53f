"""The leaderboard as a static site, which works from file:// without a network."""

from harness.leaderboard.site.write import write_site

__all__ = ["write_site"]
