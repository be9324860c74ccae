"""What is looked at to say whether all is well: one list, with two faces. The overview of a shop shows
what is kept of it (`app.web.pages.health_checks`); `backline doctor` asks platforms and this
installation as well (`app.doctor`).

A new check is a function of `Check`s in the module of what it is about, and a line in that module's
list.
"""

from app.pipeline.checks.check import Check, Tone, WhereToAct, most_urgent_first
from app.pipeline.checks.installation import check_installation
from app.pipeline.checks.platform import check_at_platform
from app.pipeline.checks.processes import check_processes
from app.pipeline.checks.shop import check_shop, gather_facts

__all__ = [
    "Check",
    "Tone",
    "WhereToAct",
    "check_at_platform",
    "check_installation",
    "check_processes",
    "check_shop",
    "gather_facts",
    "most_urgent_first",
]
