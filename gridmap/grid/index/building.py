"""From rings to the index: pair the borders, cut the land into tiles, and each tile into cells."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.cells import Laid, Plan, count_records, fill_records, shape_tiles
from gridmap.grid.index.cores import on_all_cores
from gridmap.grid.index.corners import Rings, box_of
from gridmap.grid.index.frame import Frame
from gridmap.grid.index.image import image_of
from gridmap.grid.index.land import Land
from gridmap.grid.index.records import WORDS_AN_EDGE
from gridmap.grid.index.several import lay_several
from gridmap.grid.index.tiling import standing, tiled
from gridmap.grid.index.twins import Edges, paired

EDGES_A_TILE = 48
CELLS_AN_EDGE = 1.5
MOST_TILES = 1 << 22


def build(rings: Rings) -> NDArray[np.uint8]:
    """The index of these rings as an image. Time and memory grow with the number of edges and of cells that they pass through."""
    edges = paired(rings)
    if not len(edges.at):
        return image_of(_nothing(rings), 0)
    box = np.array(box_of(rings.corners))
    frame = Frame.of(box, float(np.clip(len(edges.at) / EDGES_A_TILE, 1, MOST_TILES)))
    image = _laid_out(frame, edges, rings)
    if image is None:
        image = _laid_out(Frame.of_one_tile(box), edges, rings)
    assert image is not None, "a single tile has no crossing to tell"
    return image


def _nothing(rings: Rings) -> Land:
    nobody = np.zeros(1, dtype=np.int32)
    frame = Frame(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1, 1)
    none = np.zeros(0, dtype=np.int32)
    return Land(
        frame, np.zeros(1, np.int64), nobody, np.zeros(2, np.int64), none.reshape(0, 2), nobody, none, rings.corners, *_rings(rings)
    )


def _laid_out(frame: Frame, edges: Edges, rings: Rings) -> NDArray[np.uint8] | None:
    tiles = tiled(frame, edges, rings)
    if tiles is None:
        return None
    bits = np.zeros(len(tiles.code), dtype=np.uint8)
    shape_tiles(frame, edges, tiles, CELLS_AN_EDGE, bits)
    starts = _sums(np.left_shift(1, (bits >> 4) + (bits & 15), dtype=np.int64))
    none = np.zeros(0, dtype=np.int32)
    plan = Plan(frame, edges, tiles, Laid(starts, bits, np.zeros(len(bits), dtype=np.int32), none, none))
    sizes = np.zeros(len(bits), dtype=np.int64)
    with ThreadPoolExecutor(1) as beside:
        found = beside.submit(standing, frame, edges, tiles, len(rings.sound))
        on_all_cores(len(bits), 64, lambda begin, end: count_records(plan, sizes, begin, end))
        at_feet = found.result()
    several = on_all_cores(len(bits), 64, lambda begin, end: lay_several(plan, at_feet, sizes, begin, end))
    if not all(told[1] for told in several):
        return None
    words = _sums(sizes)
    cells, records = np.empty(starts[-1], dtype=np.int32), np.zeros(words[-1] + 2 * WORDS_AN_EDGE + 1, dtype=np.int32)
    plan = plan._replace(laid=plan.laid._replace(cells=cells, records=records))
    if not all(on_all_cores(len(bits), 64, lambda begin, end: fill_records(plan, words, begin, end))):
        return None
    several = on_all_cores(len(bits), 64, lambda begin, end: lay_several(plan, at_feet, words, begin, end))
    return image_of(_land(plan, rings), int(sum(told[0] for told in several)))


def _sums(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    sums = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=sums[1:])
    return sums


def _rings(rings: Rings) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    first = np.searchsorted(rings.area, np.arange(len(rings.sound) + 1)).astype(np.int32)
    return rings.starts, rings.area, first


def _land(plan: Plan, rings: Rings) -> Land:
    frame, edges, tiles, laid = plan
    edge = tiles.items >> 1
    listed = np.empty((len(edge), 2), dtype=np.int32)
    listed[:, 0] = edges.at[edge] << 1 | tiles.items & 1
    listed[:, 1] = edges.code[edge] ^ edges.other[edge]
    table = laid.starts[:-1] << 8 | laid.bits
    return Land(frame, table, laid.base, tiles.starts, listed, laid.cells, laid.records, edges.corners, *_rings(rings))
