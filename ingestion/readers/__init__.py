"""Readers: any file as sheets of text.

Belongs here: bytes to text, one module a format; `opening` is the way in. Does not belong here: what a cell
means. This module imports nothing: the limited child is one of the readers and starts in a tenth of a second.
"""
