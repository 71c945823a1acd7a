"""Lessons: the learner predicts what will happen, does it on a page, and compares the prediction with the result.

A lesson is a Markdown file (`reading`); a kind of question is one file in `questions`, a kind of check one in
`checks`. Nothing here draws or simulates a network: a check reads results through `checks.kind.World`.
"""
