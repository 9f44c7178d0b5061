"""The README's script, run as it stands."""

from __future__ import annotations

import pytest
from conftest import SDK

pytest.importorskip("pandas")
pytest.importorskip("sklearn")


def test_the_script_of_the_readme(churn):
    text = (SDK / "README.md").read_text().split("```python\n")[1].split("```")[0]
    # The guard stands above the function, so the function is defined before it runs in a file that is imported; as a
    # script the lab never calls it.
    out = churn.script(text)
    assert out.returncode == 0 and "not_reproducible" not in out.stderr, out.stderr
    out = churn.python(
        "-m",
        "specweave.predict",
        "--run-dir",
        str(churn.experiments / "exp-001-boosting"),
        "--features",
        str(churn.root / ".specweave/datasets/churn/v1/test.csv"),
        "--out",
        "again.csv",
    )
    assert out.returncode == 0, out.stderr
    handed_in = (churn.experiments / "exp-001-boosting/predictions/test.csv").read_text().splitlines()
    again = (churn.root / "again.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in again] == [line.split(",")[:2] for line in handed_in]
