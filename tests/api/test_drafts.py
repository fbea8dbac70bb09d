"""A draft over HTTP: what it would change, its villages, moves in them, publishing."""

from dataclasses import replace

import numpy as np
import shapely
import shapely.geometry
from fastapi.testclient import TestClient
from shapely import box

from gridmap.grid import Area, Households, Level
from gridmap.store import Store, drafts
from gridmap.store.land import put_households
from tests.builders import ALL
from tests.small_land import AREAS, CELLS, EAST, IN_CELL_1, NOW, WEST


def test_a_comparison_is_asked_with_the_edition_in_force_or_another(client: TestClient, land: Store) -> None:
    lon, lat = IN_CELL_1
    assert client.post("/api/reports", json={"issue": "E0113", "lon": lon, "lat": lat, "datum": "wgs84"}).status_code == 201
    shapes = {CELLS[0]: box(113.0, 28.0, 113.004, 28.01), CELLS[1]: box(113.004, 28.0, 113.02, 28.01)}
    with land.begin(ALL) as tx:
        drafts.put(tx, "autumn", [replace(area, shape=shapes.get(area.code, area.shape)) for area in AREAS], at=NOW)
    told = client.get("/api/drafts/autumn/comparison?lang=en").json()
    assert (told["against"], told["changing_hands"], told["incidents"][0]["name_after"]) == (1, 1, "Worker A02")
    assert [each["code"] for each in told["cells"] if each["reshaped"]] == list(CELLS[:2])
    assert client.get("/api/drafts/autumn/comparison", params={"edition": 1}).json()["cells"] == told["cells"]
    assert client.get("/api/drafts/autumn/comparison", params={"edition": 9}).status_code == 404
    assert client.get("/api/drafts/none/comparison").status_code == 404


DRAFT, MERGED = "/api/drafts/autumn", {"move": "merge", "cells": list(CELLS[:2])}


def begun(client: TestClient, land: Store) -> str:
    """A draft like what is in force, with a household point in each of two cells; its revision as an ETag."""
    points = Households(np.array(["h1", "h2"]), np.array([113.005, 113.015]), np.array([28.005, 28.005]), np.array([60, 70]))
    with land.begin(ALL) as tx:
        put_households(tx, points)
    assert client.post(f"{DRAFT}/start").json() == {"draft": "autumn", "started": True}
    assert client.post(f"{DRAFT}/start").json()["started"] is False
    return str(client.get(f"{DRAFT}/villages/{WEST}").headers["etag"])


def test_a_village_is_told_with_cells_borders_balance_and_what_is_wrong(client: TestClient, land: Store) -> None:
    begun(client, land)
    assert [each["name"] for each in client.get("/api/drafts").json()["drafts"]] == ["autumn"]
    told = client.get(f"{DRAFT}?lang=en").json()
    assert [(each["code"], each["cells"]) for each in told["villages"]] == [(WEST, 4), (EAST, 0)]
    seen = client.get(f"{DRAFT}/villages/{WEST}?lang=en").json()
    assert seen["revision"] == told["revision"]
    assert [row["code"] for row in seen["balance"]] == [cell["id"] for cell in seen["cells"]] == list(CELLS)
    assert (seen["balance"][0]["worker"], seen["gone"]) == ("Worker A01", [])
    shared = [arc for arc in seen["arcs"] if arc["right"]]
    assert {(arc["left"], arc["right"]) for arc in shared} == {
        (CELLS[0], CELLS[1]),
        (CELLS[0], CELLS[2]),
        (CELLS[1], CELLS[3]),
        (CELLS[2], CELLS[3]),
    }
    assert seen["households"] == [["h1", 113.005, 28.005, 60, CELLS[0]], ["h2", 113.015, 28.005, 70, CELLS[1]]]
    assert (seen["undo"], seen["redo"], seen["broken"]) == (None, None, None)
    assert client.get(f"{DRAFT}/villages/none").status_code == client.get("/api/drafts/none").status_code == 404


def test_moves_are_made_on_a_revision_taken_back_and_made_again(client: TestClient, land: Store) -> None:
    tag = begun(client, land)
    before = client.get(f"{DRAFT}/villages/{WEST}").json()["cells"]
    assert client.post(f"{DRAFT}/moves", json=MERGED).status_code == 428
    made = client.post(f"{DRAFT}/moves?lang=en", json=MERGED, headers={"If-Match": tag})
    assert (made.status_code, made.json()["gone"], made.json()["households"]) == (200, [CELLS[0]], 60)
    [cell] = made.json()["cells"]
    assert (cell["id"], cell["households"]) == (CELLS[1], 130)
    assert [each["code"] for each in made.json()["findings"]] == ["cell_households"]
    late = client.post(f"{DRAFT}/moves?lang=en", json={"move": "merge", "cells": list(CELLS[2:])}, headers={"If-Match": tag})
    told = late.json()
    assert (late.status_code, told["type"], told["again"]) == (412, "urn:gridmap:problem:draft_moved_elsewhere", True)
    assert (told["revision"], told["changes"][0]["areas"]) == (made.json()["revision"], sorted(CELLS[:2]))
    again = client.post(f"{DRAFT}/moves", json={"move": "merge", "cells": list(CELLS[2:])}, headers={"If-Match": f'"{told["revision"]}"'})
    assert again.status_code == 200
    tag, body = again.headers["etag"], {"village": WEST}
    for _ in range(2):
        tag = client.post(f"{DRAFT}/undo", json=body, headers={"If-Match": tag}).headers["etag"]
    assert client.get(f"{DRAFT}/villages/{WEST}").json()["cells"] == before
    assert client.post(f"{DRAFT}/undo", json=body, headers={"If-Match": tag}).status_code == 409
    assert client.post(f"{DRAFT}/redo", json=body, headers={"If-Match": "*"}).json()["gone"] == [CELLS[0]]
    kinds = [each["kind"] for each in client.get(f"{DRAFT}/moves").json()["moves"]]
    assert kinds == ["redo", "undo", "undo", "merge", "merge", "change"]


def test_a_dragged_border_and_a_line_and_households_are_sent_as_operations(client: TestClient, land: Store) -> None:
    begun(client, land)
    seen = client.get(f"{DRAFT}/villages/{WEST}").json()
    arc = next(each for each in seen["arcs"] if (each["left"], each["right"]) == (CELLS[0], CELLS[1]))
    (a, b), now = (arc["line"][0], arc["line"][-1]), {"If-Match": "*"}
    dragged = client.post(f"{DRAFT}/moves", json={"move": "border", "cells": CELLS[:2], "line": [a, [113.008, 28.005], b]}, headers=now)
    assert sorted(each["id"] for each in dragged.json()["cells"]) == list(CELLS[:2])
    crossed = [a, [113.005, 28.005], [113.012, 28.005], [113.009, 28.007], [113.009, 28.003], b]
    refused = client.post(f"{DRAFT}/moves", json={"move": "border", "cells": CELLS[:2], "line": crossed}, headers=now)
    assert (refused.status_code, refused.json()["lon"], refused.json()["lat"]) == (422, 113.009, 28.005)
    split = {"move": "split", "cell": CELLS[3], "line": [[113.005, 28.015], [113.03, 28.015]]}
    assert len(client.post(f"{DRAFT}/moves", json=split, headers=now).json()["cells"]) >= 2
    assign = {"move": "assign", "households": ["h1"], "to": CELLS[2]}
    assert client.post(f"{DRAFT}/moves", json=assign, headers=now).json()["type"] == "urn:gridmap:problem:cell_emptied"
    for wrong in (
        {"move": "fly"},
        {"move": "split", "cell": CELLS[0], "line": [[0, 0]]},
        {"move": "border", "cells": CELLS[:2], "line": [[999, 0], [0, 0]]},
    ):
        assert client.post(f"{DRAFT}/moves", json=wrong, headers=now).status_code == 422
    assert shapely.coverage_is_valid(
        [shapely.geometry.shape(cell["geometry"]) for cell in client.get(f"{DRAFT}/villages/{WEST}").json()["cells"]]
    )


def test_a_locked_cell_is_told_and_stays(client: TestClient, land: Store) -> None:
    begun(client, land)
    now, lock = {"If-Match": "*"}, {"move": "lock", "cell": CELLS[0]}
    assert client.post(f"{DRAFT}/moves", json=lock, headers=now).json()["kind"] == "lock"
    seen = client.get(f"{DRAFT}/villages/{WEST}").json()
    assert [row["code"] for row in seen["balance"] if row["locked"]] == [CELLS[0]]
    assert seen["undo"]["kind"] == "lock"
    merge = {"move": "merge", "cells": CELLS[:2]}
    refused = client.post(f"{DRAFT}/moves", json=merge, headers=now)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:gridmap:problem:cells_locked")
    assert client.post(f"{DRAFT}/moves", json=lock, headers=now).status_code == 409
    assert client.post(f"{DRAFT}/undo", json={"village": WEST}, headers=now).status_code == 200
    assert client.post(f"{DRAFT}/moves", json=merge, headers=now).status_code == 200


def test_a_worker_is_set_and_a_cell_given_to_another_village_as_operations(client: TestClient, land: Store) -> None:
    begun(client, land)
    now, east = {"If-Match": "*"}, f"{DRAFT}/villages/{EAST}"
    seen = client.get(f"{DRAFT}/villages/{WEST}?lang=en").json()
    assert seen["parents"] == [{"code": EAST, "level": "village", "name": "East Village"}]
    assert seen["workers"][0] == ["W1", "Worker A01"]
    assert [row["worker_id"] for row in seen["balance"]] == ["W1", "W2", "W3", "W4"]
    posted = client.post(f"{DRAFT}/moves", json={"move": "post", "cell": CELLS[0], "worker": "W2"}, headers=now)
    assert (posted.status_code, posted.json()["kind"], posted.json()["cells"]) == (200, "post", [])
    row = client.get(f"{DRAFT}/villages/{WEST}?lang=en").json()["balance"][0]
    assert (row["worker"], row["worker_id"]) == ("Worker A02", "W2")
    assert client.post(f"{DRAFT}/moves", json={"move": "post", "cell": CELLS[0], "worker": "none"}, headers=now).status_code == 404
    uneven = client.post(f"{DRAFT}/moves", json={"move": "parent", "area": CELLS[1], "to": EAST}, headers=now).json()
    assert (uneven["type"], uneven["parent"]) == ("urn:gridmap:problem:parent_uneven", EAST)  # no cells that its outline could follow
    with land.begin(ALL) as tx:
        drafts.put(tx, "autumn", [Area(f"{EAST}001", Level.CELL, "东一", EAST, AREAS[2].shape)], at=NOW)
    given = client.post(f"{DRAFT}/moves", json={"move": "parent", "area": CELLS[1], "to": EAST}, headers=now)
    assert (given.status_code, given.json()["gone"]) == (200, [CELLS[1]])
    there = client.get(east).json()
    assert [(row["code"], row["worker_id"]) for row in there["balance"]] == [(f"{EAST}001", None), (f"{EAST}002", "W2")]
    for step in ("undo", "redo", "undo", "undo"):
        assert client.post(f"{DRAFT}/{step}", json={"village": WEST}, headers=now).status_code == 200
    assert [row["worker_id"] for row in client.get(f"{DRAFT}/villages/{WEST}").json()["balance"]] == ["W1", "W2", "W3", "W4"]
    assert len(client.get(east).json()["balance"]) == 1


def test_a_village_is_cut_and_what_was_looked_at_is_published(client: TestClient, land: Store) -> None:
    tag = begun(client, land)
    beyond = client.post(f"{DRAFT}/cut?lang=en", json={"village": WEST, "town": 70, "rural": 90}, headers={"If-Match": tag})
    assert (beyond.status_code, "90" in beyond.json()["detail"]) == (422, True)
    aimed = {"village": WEST, "town": 70, "rural": 70}
    cut = client.post(f"{DRAFT}/cut", json=aimed, headers={"If-Match": tag})
    assert (cut.status_code, cut.json()["cells"]) == (200, 2)
    assert client.post(f"{DRAFT}/cut", json={"village": WEST}, headers={"If-Match": tag}).status_code == 412
    checked = client.get(f"{DRAFT}/check?lang=en").json()
    assert checked["passes"] is True
    assert client.post(f"{DRAFT}/publish", json={"revision": tag.strip('"')}).status_code == 412
    made = client.post(f"{DRAFT}/publish", json={"revision": cut.json()["revision"], "note": "autumn"})
    assert (made.status_code, made.json()["edition"]) == (201, 2)
    assert client.get(DRAFT).status_code == 404
