"""The routes, one file per noun: each parses, calls once, and returns."""
