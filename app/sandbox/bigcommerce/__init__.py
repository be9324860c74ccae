"""A stateful BigCommerce store on this machine: real specs, stock with backorders, limits and faults.

What BigCommerce would refuse is refused here too; what is not modelled is an error, never a made-up
answer. Where its documents are silent, the module that had to choose says what is assumed.
"""
