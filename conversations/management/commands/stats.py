"""What was used, for operators: per user and model, key, agent or day; no content."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import AppError
from conversations.usage import selectors
from conversations.usage.selectors import Tally, UsageRow

HEADS = ("calls", "tokens in", "tokens out", "price")


class Command(BaseCommand):
    help = (
        "Add up what was used, per user and model (--by: key, agent, day). A key is shown by its "
        "last characters. Prices are estimates from list prices."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", choices=selectors.GROUPS, default="model")
        parser.add_argument("--from", type=_day, dest="first", help="YYYY-MM-DD, of UTC")
        parser.add_argument("--to", type=_day, dest="last", help="YYYY-MM-DD, included")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            period = selectors.period_of(options["first"], options["last"])
        except AppError as error:
            raise CommandError(error.message) from None
        rows = selectors.usage_of_everybody(period=period, group=options["by"])
        if options["json"]:
            for row in rows:
                self.stdout.write(json.dumps(_as_json(options["by"], row)))
            return
        self.stdout.write(f"{period.first} to {period.last}, UTC")
        table = [["user", options["by"], *HEADS]]
        table += [[row.user, row.name, *_cells(row.tally)] for row in rows]
        table.append(["all", "", *_cells(selectors.total_of(rows))])
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for line in table:
            cells = zip(line, widths, strict=True)
            words = [
                cell.ljust(width) if at < 2 else cell.rjust(width)
                for at, (cell, width) in enumerate(cells)
            ]
            self.stdout.write("  ".join(words).rstrip())


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _cells(tally: Tally) -> list[str]:
    return [
        f"{tally.calls:,}",
        f"{tally.input_tokens:,}",
        f"{tally.output_tokens:,}",
        _price(tally),
    ]


def _price(tally: Tally) -> str:
    if tally.price_usd is None:
        return "unknown"
    more = f" + {tally.unpriced_calls} unknown" if tally.unpriced_calls else ""
    return f"${tally.price_usd:,.4f}{more}"


def _as_json(group: str, row: UsageRow) -> dict[str, Any]:
    tally = row.tally
    return {
        "user": row.user,
        group: row.name,
        "calls": tally.calls,
        "input_tokens": tally.input_tokens,
        "output_tokens": tally.output_tokens,
        "price_usd": None if tally.price_usd is None else str(tally.price_usd),
        "unpriced_calls": tally.unpriced_calls,
    }
