"""Lessons: what is asked before something happens, and compared with what really happens.

A lesson is a Markdown file (`reading`), a kind of question one file in `questions`, a kind of check one in `checks`.
Nothing here draws or computes a network: `checks.kind.World` is what a check may look at.
"""
