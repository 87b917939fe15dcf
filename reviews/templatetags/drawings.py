"""Server-side SVG: bars and ladders with their figures as text, no style attribute, no script."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from governance.policy.interval import Interval
from governance.policy.tiers import Tier
from governance.spoken import local_figure, spoken
from reviews.amounts import local_amounts
from reviews.exposure import Bar
from reviews.statistics import Rate

register = template.Library()

WIDTH, HEIGHT, TOP = 400, 24, 6
_RUNGS = (Tier.OBSERVE, Tier.PROPOSE, Tier.EXECUTE, Tier.COMMIT)


@register.simple_tag
def exposure(bar: Bar) -> SafeString:
    """What is used and what this adds on one scale, the cap as a line across it."""
    whole = max(bar.used + bar.adds, bar.limit, 1)
    # the cap keeps clear of the right edge, so that it reads as a line and not as the end of the bar
    scale = WIDTH * 96 // 100
    used, adds, cap = (scale * part // whole for part in (bar.used, bar.adds, bar.limit))
    return format_html(
        '<svg class="bar" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="track" x="0" y="{}" width="{}" height="12"/>'
        '<rect class="used" x="0" y="{}" width="{}" height="12"/>'
        '<rect class="this" x="{}" y="{}" width="{}" height="12"/>{}</svg>',
        WIDTH,
        HEIGHT,
        local_amounts(
            _("%(used)s used, this would make %(total)s, the cap is %(limit)s")
            % {"used": bar.used_text, "total": bar.total_text, "limit": spoken(bar.limit_text)}
        ),
        TOP,
        WIDTH,
        TOP,
        used,
        used,
        TOP,
        adds,
        _line(cap),
    )


@register.simple_tag
def ladder(tier: Tier) -> SafeString:
    """The four tiers as four steps, those up to this one filled, and its word."""
    steps = (
        ("on" if rung <= tier else "off", index * 7, 12 - index * 3, 4 + index * 3) for index, rung in enumerate(_RUNGS)
    )
    drawn = format_html_join("", '<rect class="{}" x="{}" y="{}" width="5" height="{}"/>', steps)
    return format_html(
        '<span class="tier"><svg class="ladder" width="28" height="17" viewBox="-1 -1 30 19" aria-hidden="true">'
        "{}</svg> {}</span>",
        drawn,
        tier.name,
    )


@register.simple_tag
def interval(rate: Rate) -> SafeString:
    """The range that holds the true rate as a bar from 0 to 100 %, the estimate as a line in it."""
    return spread(rate.range, rate.estimate, sentence(rate))


@register.simple_tag
def spread(within: Interval, estimate: float | None, words: str) -> SafeString:
    """A range of shares as a bar from 0 to 100 %, the estimate as a line in it; `words` say the same."""
    low, high = (round(WIDTH * bound) for bound in (within.low, within.high))
    line = "" if estimate is None else _line(round(WIDTH * estimate))
    return format_html(
        '<svg class="bar" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="track" x="0" y="{}" width="{}" height="12"/>'
        '<rect class="used" x="{}" y="{}" width="{}" height="12"/>{}</svg>',
        WIDTH,
        HEIGHT,
        words,
        TOP,
        WIDTH,
        low,
        TOP,
        max(2, high - low),
        line,
    )


@register.simple_tag
def flow(counts: Sequence[int], most: int, words: str) -> SafeString:
    """How many in each of several equal spans as columns side by side, `most` as the full height."""
    # whole steps, and no rest at the end: an empty rest would read as a last span in which nothing was
    width = WIDTH // max(1, len(counts))
    whole = width * len(counts)
    heights = (HEIGHT * count // max(1, most) for count in counts)
    columns = ((place * width, HEIGHT - height, width - 2, height) for place, height in enumerate(heights))
    drawn = format_html_join("", '<rect class="this" x="{}" y="{}" width="{}" height="{}"/>', columns)
    return format_html(
        '<svg class="bar" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="track" x="0" y="0" width="{}" height="{}"/>{}</svg>',
        whole,
        HEIGHT,
        words,
        whole,
        HEIGHT,
        drawn,
    )


@register.simple_tag
def sentence(rate: Rate) -> str:
    """The rate in one sentence, in the language of whoever reads."""
    return spoken(_sentence(rate))


def _sentence(rate: Rate) -> str:
    waiting = f"{rate.pending} wait{'s' if rate.pending == 1 else ''}"
    if not rate.checked:
        return f"No sample has been reviewed yet{f'; {waiting}' if rate.pending else ''}."
    pending = f" ({waiting})" if rate.pending else ""
    low, high = percent(rate.range.low), percent(rate.range.high)
    return f"Unsound: {rate.wrong} of {rate.checked} reviewed samples{pending}. The true rate is from {low} to {high}."


def _line(x: int) -> SafeString:
    return format_html('<line class="mark" x1="{}" x2="{}" y1="0" y2="{}"/>', x, x, HEIGHT)


@register.filter
def percent(share: float) -> str:
    """A share for people: "0.6 %", "17 %"."""
    digits = 1 if 0.0005 <= share < 0.1 else 0
    return local_figure(f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%")
