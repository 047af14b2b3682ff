"""The subcommands of `marketplace`, one module each with `add(subparsers)` and `run(args) -> int`.

cli.py imports only the one that is asked for, so that a quick command stays quick and `serve` stays small.
"""
