"""Checks of your own optimizer or online problem: what runs rely on holds for it."""

from problems.conformance.optimizer import check_optimizer
from problems.conformance.problem import check_problem
from problems.conformance.report import Check, Report

__all__ = ["Check", "Report", "check_optimizer", "check_problem"]
