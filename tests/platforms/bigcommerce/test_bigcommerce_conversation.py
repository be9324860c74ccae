"""Whole conversations with the sandbox store, which checks every request against the real specs."""

from tests.platforms.contract import PlatformContract


class TestBigCommerceKeepsTheContract(PlatformContract):
    pass
