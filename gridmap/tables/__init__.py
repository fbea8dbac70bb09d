"""Registers and reports as tables: CSV and XLSX (reports also as newline-delimited JSON), with headers in English or Chinese."""

from gridmap.tables.registers import Register, read_register
from gridmap.tables.rejects import write_rejects
from gridmap.tables.reports import Defaults, read_reports
from gridmap.tables.rows import Parsed, Rejected, Row

__all__ = ["Defaults", "Parsed", "Register", "Rejected", "Row", "read_register", "read_reports", "write_rejects"]
