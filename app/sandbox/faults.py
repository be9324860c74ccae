"""Bad days on demand: each fault by rate, drawn from the shop's numbers, or for the next calls."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Faults:
    """The knobs of every platform. Rates are probabilities per request.

    `slow_s` delays every answer; `is_token_revoked` answers 401 for good. A request that is reset, or
    answered 5xx, has changed nothing; one whose answer is lost has.
    """

    random: random.Random
    server_error_rate: float = 0
    reset_rate: float = 0
    lose_answer_rate: float = 0
    html_error_rate: float = 0
    rate_limited_rate: float = 0
    retry_after_s: float = 2.0
    slow_s: float = 0
    is_token_revoked: bool = False
    happened: Counter[str] = field(default_factory=Counter)
    _once: Counter[str] = field(default_factory=Counter)

    def once(self, fault: str, *, times: int = 1) -> None:
        """Let the next `times` requests meet this fault."""
        self._once[fault] += times

    def strikes(self, fault: str) -> bool:
        """Whether it happens now."""
        if self._once[fault] > 0:
            self._once[fault] -= 1
        elif self.random.random() >= getattr(self, f"{fault}_rate"):
            return False
        self.happened[fault] += 1
        return True

    def wait(self) -> None:
        """Be as slow as asked."""
        if self.slow_s:
            time.sleep(self.slow_s)
