"""The metrics that the lab measures, by problem type. Names and directions are those of
``src/core/metrics.ts``.
"""
