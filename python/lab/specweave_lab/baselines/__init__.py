"""The simplest models: what any candidate has to beat. Run by :mod:`specweave_lab.baseline`."""
