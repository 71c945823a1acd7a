"""What a person may upload and keep: the limits of uploads on this machine (`data.files.limits`), and of their role."""

from __future__ import annotations

from dataclasses import replace

from snnviz.data.files.limits import UploadLimits
from snnviz.store import limits, switches
from snnviz.store.store import Store


def upload_limits(store: Store, here: UploadLimits) -> UploadLimits:
    """Returns the limits of uploads for the person whose store it is: of a visitor those of the machine, if these are
    smaller; what the weights of their runs take is taken from what may be kept.

    Raises `StoreError` if the host lets them change nothing at the moment.
    """
    person = store.person
    if person is None:
        return here
    role = store.hosting.limits_of(person.role)
    with store._reading() as connection:
        switches.refuse_if_read_only(connection, person)
        weights = limits.kept_bytes(connection, person.id, store.checkpoints)
    strict = person.role == "visitor"
    sets = here.visitor_sets if role.data_sets is None else role.data_sets
    kept = here.visitor_kept if role.kept_megabytes is None else max(0, int(role.kept_megabytes - weights / 1e6))
    if strict:
        sets, kept = min(sets, here.visitor_sets), min(kept, here.visitor_kept)
    return replace(here, visitor_sets=sets, visitor_kept=kept)
