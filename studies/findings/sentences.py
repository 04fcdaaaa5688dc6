"""Sentences of the page whose words, order and direction hang on the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sim.economy.books import uses as kinds
from studies.findings.words import bn, count, effect, listed, more, pair, percent, percent_span, span, usd

__all__ = ["percent_span", "span"]
Told = Mapping[str, Any]
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


def replaced(found: Told | None) -> str:
    """Write what other money makes up for, in a table."""
    if found is None:
        return "not told"
    ends = pair(found["low"], found["high"], 100.0, 0)
    return f"{pair(found['mean'], found['mean'], 100.0, 0).split(' ')[0]}% ({ends})"


def crowding(found: Told | None) -> str:
    """Write the same in a sentence."""
    if found is None:
        return "whether other money makes up for it cannot be told"
    told = f"{percent(found['mean'])} ({percent_span(found)})"
    if found["high"] < 0.0:
        return f"other money follows the interest: it buys {percent(-found['mean'])} as much again"
    if found["low"] > 1.0:
        return f"other money more than makes up for it where it stays away: {told}"
    if found["low"] <= 0.0:
        return f"whether other money makes up for any of it where it stays away is not told: {told}"
    return f"other money makes up for {told} of it where it stays away"


def stepping_in(by_origin: Mapping[str, Told]) -> str:
    """Whose money steps in where interest stays away."""
    parts = {name: -told["mean"] for name, told in by_origin.items() if name in ORIGINS and told["decided"]}
    stepped = sorted((name for name in parts if parts[name] > 0.0), key=lambda name: -parts[name])
    if not stepped:
        return "No single origin of other money is told to step in."
    told = listed([f"{ORIGINS[name]} ({usd(parts[name])})" for name in stepped])
    return f"What steps in, the largest first: {told}."


def undecided(worlds: Mapping[str, Told], order: Sequence[str]) -> str:
    """In which scenarios the effect is not told from zero."""
    effects = {name: worlds[name]["whole"]["caused"]["gpu_capex_usd_bn"] for name in order}
    names = [worlds[name]["title"] for name in order if not (effects[name]["decided"] or worlds[name]["aimed"])]
    if not names:
        return "No interval in the column *caused* spans zero."
    return f"The effect is not told from zero in {titles(names)}."


def titles(names: Sequence[str]) -> str:
    """Titles of scenarios in a sentence, which may have commas of their own."""
    return listed([f"*{name}*" for name in names])


def source(kind: str) -> str:
    """Write what a source of uncertainty is called."""
    return SOURCES[kind]


def centred(seeds: Told, draws: Told) -> str:
    """Whether the draws lie around the baseline."""
    if draws["low"] <= seeds["mean"] <= draws["high"]:
        return "The baseline's mean lies within what draws give."
    side = "below" if draws["high"] < seeds["mean"] else "above"
    return f"Draws lie {side} the baseline's mean, which is not among what they give."


def worlds_in(whole: int, chosen: Sequence[str]) -> str:
    """In how many of the worlds."""
    return f"in {len(chosen)} of {whole} worlds"


def tuition(worlds: Sequence[Told]) -> str:
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
    told = "; ".join(parts)
    return told[0].upper() + told[1:] + "."


def verdict(world: Told) -> str:
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


def cleaned(ends: Told) -> dict[str, float]:
    """Write ends without what sums leave behind."""
    return {name: 0.0 if abs(ends[name]) < NOTHING else ends[name] for name in ("low", "high")}


def channel(name: str) -> str:
    """Write a channel of the sign check."""
    return CHANNELS[name]


def offsets(behaviours: Sequence[Told]) -> str:
    """Which answers of issuers make up for the fall."""
    enough = [told for told in behaviours if told["change"]["mean"] >= 0.0]
    if not enough:
        return "nothing that issuers may do about it makes up for the fall"
    if len(enough) == len(behaviours):
        return "whatever issuers do about it, there is no less"
    named = listed([f"*{told['behaviour']}*" for told in enough], "or")
    sure = "" if all(told["change"]["low"] > 0.0 for told in enough) else ", and not for certain"
    return f"of the answers that issuers may give only {named} makes up for the fall on average{sure}"


def winner(behaviours: Sequence[Told]) -> str:
    """Which channel wins, over the behaviours."""
    by_channel: dict[str, list[str]] = {}
    for told in behaviours:
        by_channel.setdefault(told["largest"], []).append(f"*{told['behaviour']}*")
    parts = [
        f"{CHANNELS[name]} is the strongest channel where issuers are {listed(names, 'or')}"
        for name, names in by_channel.items()
    ]
    return "; ".join(parts)


def against_words(worlds: Mapping[str, Told], falls: Sequence[str]) -> str:
    """Write what scenarios with lower rates do to the money for AI, and to GPU purchases in all."""
    parts = []
    for name in falls:
        told = worlds[name]["against"]
        put, bought = told["redeployed_usd_bn"], told["gpu_capex_usd_bn"]
        size = percent(abs(put["mean"]) / put["without"]) if put["without"] > 0.0 else usd(put["mean"])
        sure = "" if put["decided"] else " (not told from no difference)"
        with_all = "and" if put["mean"] * bought["mean"] > 0.0 else "but"
        into_ai = f"in {worlds[name]['title']} issuers put {size} {more(put['mean'])} into AI{sure}"
        parts.append(f"{into_ai}, {with_all} providers buy GPUs for {effect(bought)}")
    words = "; ".join(parts)
    return f"{words[0].upper()}{words[1:]}." if words else ""


def cheaper(worlds: Mapping[str, Told], falls: Sequence[str]) -> str:
    """Whether lower rates raise GPU purchases in all, and why."""
    signs = {_sign(worlds[name]["against"]["gpu_capex_usd_bn"]) for name in falls}
    if signs == {1}:
        return "GPU purchases in all rise with lower rates, because loans are cheaper and more orders pay"
    if signs == {-1}:
        return "GPU purchases in all fall with lower rates too, although loans are cheaper"
    return "what lower rates do to GPU purchases in all is not the same, or not told, in every scenario"


def _sign(found: Told) -> int:
    return 0 if not found["decided"] else 1 if found["mean"] > 0.0 else -1


def part_of(uses: Told, group: str) -> float:
    """Share of interest that went to a group of uses at first hand."""
    return float(sum(told["share"] for told in uses["direct"] if told["group"] == group))


def largest(uses: Told, most: int = FEW) -> list[str]:
    """Write the largest uses outside AI, the largest first."""
    found = [told for told in uses["direct"] if told["group"] != GROUP and told["share"] > 0.0]
    return [str(told["label"]) for told in found[:most]]


def elsewhere(uses: Told) -> str:
    """Where the money goes that may not go into AI."""
    changes = {told["use"]: told["effect"]["mean"] for told in uses["direct"]}
    gone = sum(changes[told["use"]] for told in uses["direct"] if told["group"] == GROUP)
    talks = changes.get(TALKS, 0.0)
    waiting = f", and the {usd(talks)} that waited for such deals," if talks > NOTHING else ""
    gains = sorted(
        (told for told in uses["direct"] if told["group"] not in (GROUP, RETURNED) and _sign(told["effect"]) < 0),
        key=lambda told: told["effect"]["mean"],
    )
    named = [f"{told['label']} ({usd(told['effect']['mean'])} more)" for told in gains[:FEW]]
    go = "go" if waiting else "goes"
    where = f"{go} mostly into {listed(named)}" if named else f"{go} nowhere that is told from chance"
    went = f"{usd(gone)} of interest that went into AI and frontier technology"
    return f"Without redeployment the {went}{waiting} {where}."


def turned(found: Told) -> dict[str, float]:
    """Write a difference the other way round: without, less with."""
    return {"mean": -found["mean"], "low": -found["high"], "high": -found["low"]}


def minutes(seconds: float) -> str:
    """Write a time in a sentence."""
    return f"{count(seconds)} seconds" if seconds < 90.0 else f"{count(seconds / 60.0)} minutes"


def _low(label: str) -> str:
    return label[0].lower() + label[1:]
