"""The services of patches put together."""

from collections.abc import Callable

from dispatch.services.background import Background
from dispatch.services.board import Board
from dispatch.services.desk import Desk
from dispatch.services.patch_mix import MixedPatches
from dispatch.services.patches import Patches
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.services.sight import Sight
from dispatch.services.sight_patches import PatchSight
from dispatch.services.snapshot import Snapshots


def add_patches(s: Services, background: Background, shift_ends: Callable[[int], int]) -> None:
    """Make and file the services. ``shift_ends``: of a moment's shift, UTC microseconds."""
    board, desk, sight = s.use(Board), s.use(Desk), s.use(Sight)
    mixed = s.add(
        MixedPatches(
            board=board,
            plan=s.plan,
            desk=desk,
            record=s.use(Record),
            store=s.store,
            bus=s.bus,
            clock=s.clock,
            background=background,
            salt=s.randomness(16),
            shift_ends=shift_ends,
        )
    )
    patches = s.use(Snapshots).patch_sight = PatchSight(sight.words, mixed.row)
    sight.add_rules(patches.rules())
    s.add(
        Patches(
            board=board.patches,
            sight=patches,
            plan=s.plan,
            desk=desk,
            mixed=mixed,
            record=s.use(Record),
            store=s.store,
            bus=s.bus,
            clock=s.clock,
            randomness=s.randomness,
        )
    )
