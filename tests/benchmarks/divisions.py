"""What a division of buildings into cells is worth, whoever made it: by households, by ground, by borders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.planning.cells import spread
from gridmap.planning.faces import Buildings, Faces
from gridmap.planning.graph import Graph
from tests.benchmarks.partitions import BAND, Labels

NEAR = 0.12
"""Of the mean: four in five output areas of England and Wales were no farther from it when they were made."""
HEAD = (
    "program",
    "cells",
    "% in 50-80",
    "fewest, most",
    "% from the mean: mean, p95",
    "% within 12 % of it",
    "in several pieces",
    "m to the centre",
    "Polsby-Popper",
    "km of borders",
    "villages failed",
    "not finished",
    "processor s",
)


@dataclass(frozen=True)
class Site:
    """Buildings that hang together: their graph, m² of each one's ground and metres around it, metres of border between neighbours."""

    graph: Graph
    area: NDArray[np.float64]
    rim: NDArray[np.float64]
    doors: dict[tuple[int, int], float]

    @classmethod
    def of(cls, buildings: Buildings, faces: Faces) -> Self:
        """The buildings of a village and their faces."""
        shapes, lived = np.asarray(faces.shapes, dtype=object), faces.owner >= 0
        owner, size = faces.owner[lived], len(buildings)
        around = np.bincount(owner, shapely.length(shapes[lived]), size)
        left, right = faces.owner[faces.borders.left], faces.owner[faces.borders.right]
        within = (left == right) & (left >= 0)
        around -= 2 * np.bincount(left[within], faces.borders.length[within], size)
        return cls(Graph.of(buildings, faces.doors), np.bincount(owner, shapely.area(shapes[lived]), size), around, faces.doors)

    def only(self, nodes: Sequence[int]) -> "Site":
        """Some of the buildings."""
        at, whole = {node: number for number, node in enumerate(nodes)}, self.graph
        near = [sorted(at[other] for other in whole.near[node]) for node in nodes]
        graph = Graph([whole.weight[n] for n in nodes], [whole.x[n] for n in nodes], [whole.y[n] for n in nodes], near)
        doors = {(at[a], at[b]): metres for (a, b), metres in self.doors.items() if a in at and b in at}
        return Site(graph, self.area[list(nodes)], self.rim[list(nodes)], doors)


@dataclass
class Score:
    """What one program made of all villages of a place."""

    households: list[int] = field(default_factory=list)
    """Of each cell."""
    round_: list[float] = field(default_factory=list)
    """Polsby-Popper of each cell."""
    apart: int = 0
    wide: float = 0.0
    borders: float = 0.0
    failed: int = 0
    unfinished: int = 0
    seconds: float = 0.0

    def add(self, site: Site, label: Labels) -> None:
        pairs = np.array(list(site.doors), dtype=int).reshape(-1, 2)
        metres = np.array(list(site.doors.values()))
        inside = label[pairs[:, 0]] == label[pairs[:, 1]]
        self.borders += float(metres[~inside].sum())
        for cell in np.unique(label[label >= 0]):
            nodes = np.flatnonzero(label == cell)
            moment = tuple(site.graph.moments[nodes].sum(axis=0).tolist())
            around = site.rim[nodes].sum() - 2 * metres[inside & (label[pairs[:, 0]] == cell)].sum()
            self.households.append(int(moment[0]))
            self.round_.append(float(4 * math.pi * site.area[nodes].sum() / around**2))
            self.apart += not site.graph.connected(nodes.tolist())
            self.wide += spread((int(moment[0]), *moment[1:]))

    def row(self) -> tuple[object, ...]:
        """As `HEAD` says."""
        if not self.households:
            return (0, *("",) * 8, self.failed, self.unfinished, f"{self.seconds:.1f}")
        counts = np.array(self.households)
        off = np.abs(counts / counts.mean() - 1)
        return (
            len(counts),
            f"{100 * np.mean([BAND.holds(count) for count in self.households]):.1f}",
            f"{counts.min()}, {counts.max()}",
            f"{100 * off.mean():.1f}, {100 * np.quantile(off, 0.95):.1f}",
            f"{100 * np.mean(off <= NEAR):.1f}",
            self.apart,
            f"{math.sqrt(self.wide / counts.sum()):.1f}",
            f"{np.median(self.round_):.2f}",
            f"{self.borders / 1000:.1f}",
            self.failed,
            self.unfinished,
            f"{self.seconds:.1f}",
        )
