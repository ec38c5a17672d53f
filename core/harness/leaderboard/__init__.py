"""Leaderboards of strategies and of proxies, from a registry's results and published studies."""

from harness.leaderboard.board import Leaderboard, leaderboard
from harness.leaderboard.entry import Entry, LeftOut, read_entries
from harness.leaderboard.proxies import ProxyBoard, ProxyRow, proxy_boards
from harness.leaderboard.ranks import RankInterval, rank_intervals
from harness.leaderboard.strategies import Standing, StrategyBoard, strategy_boards
from harness.leaderboard.track import Track, track_of

__all__ = [
    "Entry",
    "Leaderboard",
    "LeftOut",
    "ProxyBoard",
    "ProxyRow",
    "RankInterval",
    "Standing",
    "StrategyBoard",
    "Track",
    "leaderboard",
    "proxy_boards",
    "rank_intervals",
    "read_entries",
    "strategy_boards",
    "track_of",
]
