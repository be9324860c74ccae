"""Redis, and the processes that it knows of."""

from collections.abc import Iterator

from app.pipeline.checks.check import Check, Tone
from app.pipeline.machines import Machines


def check_processes(machines: Machines) -> Iterator[Check]:
    """Everything of `_CHECKS`."""
    return (check(machines) for check in _CHECKS)


def _redis(machines: Machines) -> Check:
    if not machines.redis_problem:
        return Check("Redis", Tone.FINE, "Answers.")
    return Check(
        "Redis",
        Tone.FIX,
        machines.redis_problem,
        "Nothing is lost: webhooks are kept and processed once this is fixed.",
    )


def _workers(machines: Machines) -> Check:
    if machines.workers is None:
        text = "Unknown while Redis is unavailable."
        return Check("Workers", Tone.NOTE, text, "Fix Redis first.")
    if not machines.workers:
        return Check(
            "Workers",
            Tone.FIX,
            "None running, so no orders are tagged or released.",
            "Start one (`backline worker`, or the `worker` process of the Procfile).",
        )
    return Check("Workers", Tone.FINE, f"{machines.workers} running.")


def _clock(machines: Machines) -> Check:
    if machines.has_clock:
        return Check("Clock", Tone.FINE, "Running.")
    if machines.redis_problem:
        text = "Unknown while Redis is unavailable."
        return Check("Clock", Tone.NOTE, text, "Fix Redis first.")
    return Check(
        "Clock",
        Tone.FIX,
        "Not running, so retries and the hourly check wait for the next webhook.",
        "Start one (`backline clock`, or the `clock` process of the Procfile).",
    )


_CHECKS = (_redis, _workers, _clock)
