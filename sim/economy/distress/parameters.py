"""Parameters of newcomers, which take the places of failed companies.

Every number comes from `configs/`, where it stands with its unit, range, kind and source; the fields have the
names of its keys there. Rates and growth are per year unless the unit in the configs says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.economy.arrays import Scalar


@dataclass(frozen=True)
class EntryParameters:
    """Newcomers in the place of failed companies: when they come, and what they start with."""

    entry: Scalar
    """1 where newcomers take the places of failed companies"""
    entry_delay: Scalar
    """time that a place stays empty"""
    lab_capital: Scalar
    """capital of a new lab"""
    provider_capital: Scalar
    """capital of a new provider"""
    venture_capital: Scalar
    """capital of a new venture"""
    lab_compute: Scalar
    """training compute of a new lab"""
    lab_share: Scalar
    """market share of a new lab"""
    fleet_share: Scalar
    """part of a new provider's capital that buys its first GPUs"""
