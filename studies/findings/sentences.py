"""Sentences of the page whose words, order and direction hang on the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.economy.books import uses as kinds
from studies.findings.words import bn, count, effect, listed, more, pair, percent, percent_span, span, usd

__all__ = ["percent_span", "span"]
Row = Mapping[str, Any]
SMALL = 0.01
"""Share of purchases below which what interest pays for is called small."""
NOTHING = 1e-6
"""What sums leave behind of shares and of USD bn."""
GROUP, RETURNED, TALKS = kinds.AI, kinds.RETURNED, "own_repo"
FEW = 3
"""Most uses that a sentence names."""
ORIGINS = {
    "token_float": "holders' token float",
    "trading_gains": "trading gains",
    "customer_revenue": "customers' revenue",
    "investor_capital": "investors' capital",
    "credit": "credit",
    "opening_cash": "cash from before",
}
CHANNELS = {
    "income_effect": "income (less interest to divide)",
    "share_effect": "the share (more of what is divided goes to AI)",
    "stock_effect": "the draw on stocks (own bills, the reserve)",
    "deal_effect": "deals (how much of what is committed closes)",
}
SOURCES = {"seed": "luck (the seed)", "parameters": "the parameters", "scenario": "the scenario"}


def replaced(share: Row | None) -> str:
    """Write what other money makes up for, in a table."""
    if share is None:
        return "not estimated"
    interval = pair(share["low"], share["high"], 100.0, 0)
    return f"{pair(share['mean'], share['mean'], 100.0, 0).split(' ')[0]}% ({interval})"


def crowding(share: Row | None) -> str:
    """Write the same in a sentence."""
    if share is None:
        return "whether other money makes up for it cannot be estimated"
    size = f"{percent(share['mean'])} ({percent_span(share)})"
    if share["high"] < 0.0:
        return f"other money follows the interest: it buys {percent(-share['mean'])} as much again"
    if share["low"] > 1.0:
        return f"other money more than makes up for it where it stays away: {size}"
    if share["low"] <= 0.0:
        return f"whether other money makes up for any of it where it stays away is not decided: {size}"
    return f"other money makes up for {size} of it where it stays away"


def stepping_in(by_origin: Mapping[str, Row]) -> str:
    """Whose money steps in where interest stays away."""
    parts = {name: -row["mean"] for name, row in by_origin.items() if name in ORIGINS and row["decided"]}
    stepped = sorted((name for name in parts if parts[name] > 0.0), key=lambda name: -parts[name])
    if not stepped:
        return "No single origin of other money steps in beyond chance."
    named = listed([f"{ORIGINS[name]} ({usd(parts[name])})" for name in stepped])
    return f"What steps in, the largest first: {named}."


def undecided(worlds: Mapping[str, Row], order: Sequence[str]) -> str:
    """Name the scenarios in which the effect cannot be distinguished from zero."""
    effects = {name: worlds[name]["whole"]["caused"]["gpu_capex_usd_bn"] for name in order}
    names = [worlds[name]["title"] for name in order if not (effects[name]["decided"] or worlds[name]["aimed"])]
    if not names:
        return "No interval in the column *caused* spans zero."
    return f"The effect cannot be distinguished from zero in {titles(names)}."


def titles(names: Sequence[str]) -> str:
    """Titles of scenarios in a sentence, which may have commas of their own."""
    return listed([f"*{name}*" for name in names])


def source(kind: str) -> str:
    """Write what a source of uncertainty is called."""
    return SOURCES[kind]


def centred(seeds: Row, draws: Row) -> str:
    """Whether the draws lie around the baseline."""
    if draws["low"] <= seeds["mean"] <= draws["high"]:
        return "The baseline's mean lies within what draws give."
    side = "below" if draws["high"] < seeds["mean"] else "above"
    return f"Draws lie {side} the baseline's mean, which is not among what they give."


def worlds_in(whole: int, chosen: Sequence[str]) -> str:
    """In how many of the worlds."""
    return f"in {len(chosen)} of {whole} worlds"


def tuition(worlds: Sequence[Row]) -> str:
    """When failed bets leave the coin alone, and when not."""
    named: dict[str, list[str]] = {"nothing": [], "cushion": [], "coin": []}
    for world in worlds:
        named[world["verdict"]].append(f"*{_low(world['label'])}*")
    parts = []
    if named["nothing"]:
        parts.append(f"Nothing of the coin is touched where bets are made with {listed(named['nothing'])}")
    if named["cushion"]:
        parts.append(f"only what stands behind it with {listed(named['cushion'])}")
    if named["coin"]:
        parts.append(f"the coin itself with {listed(named['coin'])}")
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def verdict(world: Row) -> str:
    """Whether failed bets touched the coin, in a table."""
    if world["verdict"] == "nothing":
        return "no"
    if world["verdict"] == "cushion":
        some = f"; the coin a little in {percent(world['touched'])} of histories" if world["touched"] > 0.0 else ""
        return f"what stands behind it{some}"
    fails = f"; wound up in {percent(world['fails']['mean'])}" if world["fails"]["mean"] > 0.0 else ""
    return f"yes, in {percent(world['touched'])} of histories{fails}"


def lost(usd_bn: float) -> str:
    """Write a loss in a table."""
    return "nothing" if abs(usd_bn) < NOTHING else bn(usd_bn)


def missing(share: float) -> str:
    """Write a share that is missing, in a table."""
    return "none" if abs(share) < NOTHING else percent(share)


def cleaned(ends: Row) -> dict[str, float]:
    """Write ends without what sums leave behind."""
    return {name: 0.0 if abs(ends[name]) < NOTHING else ends[name] for name in ("low", "high")}


def channel(name: str) -> str:
    """Write a channel of the sign check."""
    return CHANNELS[name]


def offsets(behaviours: Sequence[Row]) -> str:
    """Which answers of issuers make up for the fall."""
    enough = [behaviour for behaviour in behaviours if behaviour["change"]["mean"] >= 0.0]
    if not enough:
        return "nothing that issuers may do about it makes up for the fall"
    if len(enough) == len(behaviours):
        return "whatever issuers do about it, there is no less"
    named = listed([f"*{behaviour['behaviour']}*" for behaviour in enough], "or")
    sure = "" if all(behaviour["change"]["low"] > 0.0 for behaviour in enough) else ", and not for certain"
    return f"of the answers that issuers may give only {named} makes up for the fall on average{sure}"


def winner(behaviours: Sequence[Row]) -> str:
    """Which channel wins, over the behaviours."""
    by_channel: dict[str, list[str]] = {}
    for behaviour in behaviours:
        by_channel.setdefault(behaviour["largest"], []).append(f"*{behaviour['behaviour']}*")
    parts = [
        f"{CHANNELS[name]} is the strongest channel where issuers are {listed(names, 'or')}"
        for name, names in by_channel.items()
    ]
    return "; ".join(parts)


def against_words(worlds: Mapping[str, Row], falls: Sequence[str]) -> str:
    """Write what scenarios with lower rates do to the money for AI, and to GPU purchases in all."""
    parts = []
    for name in falls:
        effects = worlds[name]["against"]
        put, bought = effects["redeployed_usd_bn"], effects["gpu_capex_usd_bn"]
        size = percent(abs(put["mean"]) / put["without"]) if put["without"] > 0.0 else usd(put["mean"])
        sure = "" if put["decided"] else " (which cannot be distinguished from zero)"
        with_all = "and" if put["mean"] * bought["mean"] > 0.0 else "but"
        into_ai = f"in {worlds[name]['title']} issuers put {size} {more(put['mean'])} into AI{sure}"
        parts.append(f"{into_ai}, {with_all} providers buy GPUs for {effect(bought)}")
    words = "; ".join(parts)
    return f"{words[0].upper()}{words[1:]}." if words else ""


def cheaper(worlds: Mapping[str, Row], falls: Sequence[str]) -> str:
    """Whether lower rates raise GPU purchases in all, and why."""
    signs = {_sign(worlds[name]["against"]["gpu_capex_usd_bn"]) for name in falls}
    if signs == {1}:
        return "GPU purchases in all rise with lower rates, because loans are cheaper and more orders pay"
    if signs == {-1}:
        return "GPU purchases in all fall with lower rates too, although loans are cheaper"
    return "what lower rates do to GPU purchases in all differs by scenario, or cannot be distinguished from zero"


def _sign(difference: Row) -> int:
    return 0 if not difference["decided"] else 1 if difference["mean"] > 0.0 else -1


def part_of(uses: Row, group: str) -> float:
    """Share of interest that went to a group of uses at first hand."""
    return float(sum(use["share"] for use in uses["direct"] if use["group"] == group))


def largest(uses: Row, most: int = FEW) -> list[str]:
    """Write the largest uses outside AI, the largest first."""
    others = [use for use in uses["direct"] if use["group"] != GROUP and use["share"] > 0.0]
    return [str(use["label"]) for use in others[:most]]


def elsewhere(uses: Row) -> str:
    """Where the money goes that may not go into AI."""
    changes = {use["use"]: use["effect"]["mean"] for use in uses["direct"]}
    gone = sum(changes[use["use"]] for use in uses["direct"] if use["group"] == GROUP)
    talks = changes.get(TALKS, 0.0)
    waiting = f", and the {usd(talks)} that waited for such deals," if talks > NOTHING else ""
    gains = sorted(
        (use for use in uses["direct"] if use["group"] not in (GROUP, RETURNED) and _sign(use["effect"]) < 0),
        key=lambda use: use["effect"]["mean"],
    )
    named = [f"{use['label']} ({usd(use['effect']['mean'])} more)" for use in gains[:FEW]]
    go = "go" if waiting else "goes"
    where = (
        f"{go} mostly into {listed(named)}"
        if named
        else f"{go} nowhere in particular, as far as can be distinguished from chance"
    )
    went = f"{usd(gone)} of interest that went into AI and frontier technology"
    return f"Without redeployment the {went}{waiting} {where}."


def turned(difference: Row) -> dict[str, float]:
    """Write a difference the other way round: without, less with."""
    return {"mean": -difference["mean"], "low": -difference["high"], "high": -difference["low"]}


def minutes(seconds: float) -> str:
    """Write a time in a sentence."""
    return f"{count(seconds)} seconds" if seconds < 90.0 else f"{count(seconds / 60.0)} minutes"


def _low(label: str) -> str:
    return label[0].lower() + label[1:]
