"""The incident that ships with the project, read once."""

import pytest

from tests.sources.simulate.dump import INCIDENT, Dump


@pytest.fixture(scope="session")
def incident() -> Dump:
    return Dump(INCIDENT)


@pytest.fixture(scope="session")
def cause(incident):
    return incident.truth["cause"]


@pytest.fixture(scope="session")
def healthy(incident, cause):
    return [e["pod"] for e in incident.truth["deployment"] if e["pod"] != cause["pod"]]
