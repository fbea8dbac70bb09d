"""Programs that divide graphs, asked to divide the buildings of villages into cells: the same graphs, the same number of cells."""

from collections.abc import Callable
from random import Random

import numpy as np
from numpy.typing import NDArray

from gridmap.planning.graph import Band, Graph
from gridmap.planning.village import divide

Labels = NDArray[np.integer]
Divide = Callable[[Graph, int], Labels]
BAND = Band(50, 80)
IMBALANCE = 0.23
"""80 households are 23 % more than 65."""


def _rows(graph: Graph) -> tuple[list[int], list[int]]:
    """The graph as compressed rows: where each building's neighbours begin, and all neighbours."""
    begins = np.cumsum([0, *map(len, graph.near)]).tolist()
    return begins, [other for near in graph.near for other in near]


def ours(graph: Graph, cells: int) -> Labels:
    """What `gridmap plan cut` does to one village; it finds the number of cells itself."""
    return np.array(divide(graph, BAND, Random(0)).of)


def metis(graph: Graph, cells: int) -> Labels:
    """METIS, told to keep parts connected."""
    import pymetis  # noqa: PLC0415 (a peer that may be missing)

    begins, near = _rows(graph)
    options = pymetis.Options(contig=1, ufactor=int(1000 * IMBALANCE), seed=1)
    return np.array(pymetis.part_graph(cells, xadj=begins, adjncy=near, vweights=graph.weight, options=options)[1])


def kahip(mode: int) -> Divide:
    """KaHIP; its mode 1 is eco, 2 is strong."""

    def answer(graph: Graph, cells: int) -> Labels:
        import kahip as program  # noqa: PLC0415

        begins, near = _rows(graph)
        return np.array(program.kaffpa(graph.weight, begins, [1] * len(near), near, cells, IMBALANCE, True, 1, mode)[1])

    return answer


def gerrychain(graph: Graph, cells: int) -> Labels:
    """GerryChain's recursive cuts of random trees, within the bounds."""
    import networkx  # noqa: PLC0415
    from gerrychain import Graph as Chained  # noqa: PLC0415
    from gerrychain.partition import recursive_tree_part  # noqa: PLC0415

    drawn = networkx.Graph()
    drawn.add_nodes_from(range(len(graph.weight)))
    drawn.add_edges_from((a, b) for a, near in enumerate(graph.near) for b in near)
    networkx.set_node_attributes(drawn, dict(enumerate(graph.weight)), "households")
    target = sum(graph.weight) / cells
    found = recursive_tree_part(Chained.from_networkx(drawn), range(cells), target, "households", IMBALANCE, rng=1)
    return np.array([found[node] for node in range(len(graph.weight))])


def kmeans(graph: Graph, cells: int) -> Labels:
    """k-means, which knows neither bounds nor neighbours."""
    from sklearn.cluster import KMeans  # noqa: PLC0415

    places = np.column_stack([graph.x, graph.y])
    found: Labels = KMeans(cells, n_init=1, random_state=0).fit(places, sample_weight=graph.weight).labels_
    return found


def maxp(graph: Graph, cells: int) -> Labels:
    """spopt's max-p: as many regions as have the lower bound; it knows no upper one."""
    import geopandas  # noqa: PLC0415
    from libpysal.weights import W  # noqa: PLC0415
    from spopt.region import MaxPHeuristic  # noqa: PLC0415

    frame = geopandas.GeoDataFrame(
        {"x": graph.x, "y": graph.y, "households": graph.weight}, geometry=geopandas.points_from_xy(graph.x, graph.y)
    )
    near = W(dict(enumerate(graph.near)), silence_warnings=True)
    model = MaxPHeuristic(frame, near, ["x", "y"], "households", BAND.low, top_n=2)
    model.solve()
    return np.array(model.labels_)


PEERS: dict[str, Divide] = {
    "Gridmap": ours,
    "METIS": metis,
    "KaHIP eco": kahip(1),
    "KaHIP strong": kahip(2),
    "GerryChain": gerrychain,
    "spopt max-p": maxp,
    "k-means": kmeans,
}
