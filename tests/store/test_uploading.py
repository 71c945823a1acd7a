"""How much a person may upload: what the machine allows, and their role."""

from __future__ import annotations

import numpy as np
import pytest

from snnviz.data.files.limits import UploadLimits
from snnviz.design.design import Design
from snnviz.errors import StoreError
from snnviz.events import Checkpoint
from snnviz.people.hosting import Hosting, Limits, LimitsOfRoles
from snnviz.people.person import Person
from snnviz.store import Store
from snnviz.store.host import Host
from snnviz.store.uploading import upload_limits

HERE = UploadLimits(visitor_sets=10, visitor_kept=1000)
HOST = Hosting(limits=LimitsOfRoles(visitor=Limits(data_sets=3), member=Limits(data_sets=40, kept_megabytes=3000.0)))


def test_a_visitor_has_the_smaller_limit_and_other_roles_their_own(store: Store) -> None:
    for role, expected in (("visitor", (3, 1000)), ("member", (40, 3000)), ("admin", (10, 1000))):
        found = upload_limits(store.acting_as(Person("ann", role), HOST), HERE)  # type: ignore[arg-type]
        assert (found.visitor_sets, found.visitor_kept) == expected
    assert upload_limits(store, HERE) is HERE


def test_weights_take_from_what_may_be_kept(store: Store) -> None:
    bob = store.acting_as(Person("bob", "member"), HOST)
    run = bob.submit(Design()).run
    claim = store.claim("worker", run)
    assert claim is not None
    store.save_checkpoint(run, claim.attempt, Checkpoint(1, {"w": np.zeros(2_000_000, np.float32)}))
    store.finish(run, claim.attempt, "done")
    assert upload_limits(bob, HERE).visitor_kept == 2991


def test_nothing_is_uploaded_while_the_server_is_read_only(store: Store) -> None:
    Host(store).switch(read_only=True)
    with pytest.raises(StoreError, match="read-only at the moment"):
        upload_limits(store.acting_as(Person("ann")), HERE)
    upload_limits(store.acting_as(Person("host", "admin")), HERE)
