"""The lab of SpecWeave ML: the side that owns the mathematics.

It holds the splits, seals the test labels, computes measured metrics with their intervals, and makes the
baselines. The Node side talks to it in JSON lines (:mod:`specweave_lab.protocol`). Importing this package
imports nothing scientific, so that ``ping`` answers at once.
"""

__version__ = "0.1.0"
