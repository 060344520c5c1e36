"""Attribute tables: parsing, and matching of rows to images."""
