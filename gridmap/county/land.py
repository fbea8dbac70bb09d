"""The land as a whole, in metres: villages, ways, streets and buildings, one drawn after the other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.county import hearts, houses, streets, walls, ways
from gridmap.county.houses import DORM_SIZES, TOWN_SIZES, VILLAGE_SIZES, Ints
from gridmap.county.plan import COUNTY_HOUSEHOLDS, PARK_HOUSEHOLDS, TOWN_HOUSEHOLDS, TOWNSHIPS, URBAN_HOUSEHOLDS, VILLAGE_HOUSEHOLDS, Floats
from gridmap.county.streets import Manner, Street


@dataclass(frozen=True, slots=True)
class Site:
    """A village before it has a name: its township's position, and whether it is a community (社区)."""

    township: int
    community: bool

    @property
    def urban(self) -> bool:
        return self.community and TOWNSHIPS[self.township].urban

    @property
    def households(self) -> int:
        """The middle of the range of its kind."""
        if not self.community:
            return VILLAGE_HOUSEHOLDS
        plan = TOWNSHIPS[self.township]
        return URBAN_HOUSEHOLDS if plan.urban else PARK_HOUSEHOLDS if plan.park else TOWN_HOUSEHOLDS


@dataclass(frozen=True, slots=True)
class Land:
    """Everything drawn, in metres from the town bridge: `shapes` of the `sites`; buildings as parallel arrays."""

    sites: list[Site]
    shapes: list[Polygon]
    ways: ways.Ways
    streets: list[Street]
    bridges: list[LineString]
    spots: Floats
    counts: Ints
    village: Ints


def draw(rng: Generator) -> Land:
    """The land of one county. Each step draws from `rng` in turn, so that a seed gives the same land everywhere."""
    points, township = hearts.place(rng)
    sites = _sites(township)
    shapes, pairs = walls.draw(points, len(sites), rng)
    paths = ways.lay(points[: len(sites)], pairs, [site.urban for site in sites], rng)
    wanted = np.array([site.households * (0.72 + 0.56 * rng.random()) for site in sites])
    wanted = np.round(wanted * COUNTY_HOUSEHOLDS / wanted.sum()).astype(np.int64)
    plain = _Plain(sites, shapes, paths, wanted)
    net = [*_roads(paths), *_towns(plain, rng), *_villages(plain, rng)]
    spots, counts, village = _buildings(plain, net, rng)
    return Land(sites, shapes, paths, net, ways.bridges([street.shape for street in net], paths.barriers), spots, counts, village)


@dataclass(frozen=True, slots=True)
class _Plain:
    """The land before anything is built on it; `wanted` households in each village."""

    sites: list[Site]
    shapes: list[Polygon]
    paths: ways.Ways
    wanted: Ints

    def dry(self, village: int) -> Polygon:
        """A village's ground without its border and the banks of river and railway."""
        return shapely.difference(shapely.buffer(self.shapes[village], -12), self.paths.barriers.verges)


def _sites(township: list[int]) -> list[Site]:
    """Within a township the communities come first."""
    place = [township[:row].count(of) for row, of in enumerate(township)]
    return [Site(of, nth < TOWNSHIPS[of].communities) for of, nth in zip(township, place, strict=True)]


def _roads(paths: ways.Ways) -> list[Street]:
    """The roads between villages, up to the county town's own streets."""
    outside = {pair: shapely.difference(road, streets.built_up()) for pair, road in paths.roads.items()}
    return [
        Street(Manner.ROAD, part, villages=pair) for pair, road in outside.items() for part in shapely.get_parts(road) if part.length > 0
    ]


def _towns(plain: _Plain, rng: Generator) -> list[Street]:
    """The streets of the county town, the towns and the park."""
    turns = rng.random(len(TOWNSHIPS)) * np.pi
    urban = [shape for site, shape in zip(plain.sites, plain.shapes, strict=True) if site.urban]
    found = streets.county_town(urban, plain.paths, rng)
    for village, site in enumerate(plain.sites):
        if site.community and not site.urban:
            blocks = (210.0, 150.0) if TOWNSHIPS[site.township].park else (120.0, 92.0)
            heart = plain.paths.hearts[village]
            ground = shapely.intersection(plain.dry(village), shapely.Point(heart).buffer(300))
            found += streets.grid(ground, heart, blocks, rng, turn=float(turns[site.township]), name=f"{village:02d}-")
    return found


def _villages(plain: _Plain, rng: Generator) -> list[Street]:
    """The lanes of all hamlets."""
    roads = shapely.union_all(list(plain.paths.roads.values()))
    return [street for village, site in enumerate(plain.sites) if not site.community for street in _village(plain, village, roads, rng)]


def _village(plain: _Plain, village: int, roads: BaseGeometry, rng: Generator) -> Iterator[Street]:
    """The lanes of a village's hamlets, the first the largest, and the tracks from them to the road."""
    barriers, households, dry = plain.paths.barriers, int(plain.wanted[village]), plain.dry(village)
    spots = streets.hamlets(plain.shapes[village], plain.paths.hearts[village], households, barriers, rng)
    share = np.array([1.0, *[0.35 + 0.4 * rng.random() for _ in spots[1:]]])
    for spot, part in zip(spots, share / share.sum(), strict=True):
        track = streets.link(spot, roads, barriers, rng)
        turn = rng.random() * np.pi
        toward = np.diff(shapely.get_coordinates(track), axis=0)[0] if track else np.array([np.cos(turn), np.sin(turn)])
        for lane in streets.lanes(spot, households * part, toward, dry, rng):
            yield Street(Manner.LANE, lane, villages=(village,))
        if track:
            yield Street(Manner.ROAD, track, villages=(village, village))


def _buildings(plain: _Plain, net: list[Street], rng: Generator) -> tuple[Floats, Ints, Ints]:
    """Places, households and village of all buildings."""
    plots = houses.plots(net, rng)
    owner = houses.owners(plots, plain.shapes, plain.paths.barriers.both)
    parts = []
    for village, site in enumerate(plain.sites):
        sizes = VILLAGE_SIZES if not site.community else DORM_SIZES if TOWNSHIPS[site.township].park else TOWN_SIZES
        parts.append(houses.settle(plots[owner == village], int(plain.wanted[village]), sizes, rng))
    village_of = np.repeat(np.arange(len(plain.sites)), [len(counts) for _, counts in parts])
    return np.concatenate([spots for spots, _ in parts]), np.concatenate([counts for _, counts in parts]), village_of
