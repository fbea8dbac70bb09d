"""Registers and reports as tables: CSV and XLSX (reports also as newline-delimited JSON), with headers in English or Chinese."""

from gridmap.tables.columns import REPORT_COLUMNS, Register

__all__ = ["REPORT_COLUMNS", "Register"]
