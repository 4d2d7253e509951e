"""Columns, types, units and names of everything that is stored."""

from __future__ import annotations

__all__ = ["VERSION"]

VERSION = "0.1.0"
