"""`weiguard demo`: a seeded day of small shops, decided before one's eyes, with nothing to prepare."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def demo(
    *,
    seed: Annotated[int, typer.Option(help="Another seed is another day.")] = 7,
    speed: Annotated[
        float | None,
        typer.Option(
            min=0, help="Seconds of the shops' day a second; 0 is flat out. Default: 20 s on a terminal."
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option("--events", min=1, help="How many events; never fewer than the stories need."),
    ] = None,
    lang: Annotated[
        Literal["zh", "en"] | None, typer.Option(help="Default: the terminal's language.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End with the summary, and show no metrics.")] = False,
) -> None:
    """Show the engine at work on a made-up day of small shops.

    Metrics are on http://127.0.0.1:8787/metrics meanwhile, or on another port where that one is taken, until Ctrl-C. At
    the end it prints a link to the web console, which logs in once.

    Example: weiguard demo --seed 8 --speed 0
    """
    from weiguard.commands.demo_show import Wishes, show

    raise typer.Exit(show(Wishes(seed, speed, size, lang, once)))
