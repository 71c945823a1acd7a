"""Types of the direction in which a number is better."""

from typing import Literal

Direction = Literal["more", "less"]
"""Whether more or less of a number is better."""

Better = Literal["more", "less", ""]
"""The same for numbers that may have no direction, "", such as a firing rate."""
