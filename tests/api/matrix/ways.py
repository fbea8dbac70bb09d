"""Other ways in to the same: somebody else's ETag, other methods, a packed answer, an error's body."""

from tests.api.matrix.asking import Asking
from tests.api.matrix.operations import questions
from tests.api.matrix.oracle import Person, may
from tests.api.matrix.world import C111, T1

TAGGED = (("list_areas", {}, {"level": "cell", "edition": "1"}), ("get_area", {"code": C111}, {}), ("list_land", {}, {"kind": "street"}))


def etags(asking: Asking, person: Person) -> None:
    """An ETag that was given to the dispatcher of the county is worth a 304 only to whom the very same would be told."""
    county = asking.world.person("dispatchercounty")
    for operation, path, query in TAGGED:
        theirs, mine = asking.ask(county, operation, path, query), asking.ask(person, operation, path, query)
        tag = theirs.headers.get("etag")
        if tag is None:
            continue
        answer = asking.ask(person, operation, path, query, headers={"If-None-Match": tag})
        if answer.status_code == 304 and mine.content != theirs.content:
            asking.fault(person, asking.operation(operation), answer, "takes another's answer for one's own")
        if answer.status_code != 304 and mine.status_code == 200 and mine.content == theirs.content:
            asking.fault(person, asking.operation(operation), answer, "is sent again")


def methods(asking: Asking, person: Person) -> None:
    """OPTIONS and methods that are not described tell nothing, whoever asks; nor does HEAD under /api."""
    known = {(each.path, each.method) for each in asking.operations.values()}
    for operation in asking.some(asking.operations.values()):
        path, query = next(questions(asking.world, operation))
        heads = () if _has_head(operation.path, known) else ("HEAD",)
        for method in (*heads, "OPTIONS", "PUT", "PATCH", "TRACE"):
            if (operation.path, method) not in known:
                answer = asking.ask(person, operation, path, query, method=method, headers=asking.changes(person))
                if answer.status_code not in {401, 403, 404, 405}:
                    asking.fault(person, operation, answer, "is answered")


def heads(asking: Asking, person: Person) -> None:
    """HEAD of a page, or of the service's health, is the head of what the same person gets by GET, and not one letter more."""
    known = {(each.path, each.method) for each in asking.operations.values()}
    for operation in asking.some(asking.operations.values()):
        if operation.method == "GET" and _has_head(operation.path, known):
            path, query = next(questions(asking.world, operation))
            head = asking.ask(person, operation, path, query, method="HEAD")
            whole = asking.ask(person, operation, path, query)
            told = [(each.status_code, each.headers.get("location"), each.headers.get("content-type")) for each in (head, whole)]
            if head.content or told[0] != told[1]:
                asking.fault(person, operation, head, f"is not the head of {told[1]}")


def _has_head(path: str, known: set[tuple[str, str]]) -> bool:
    """Whether it is a page, or the service's health, that takes GET: there HEAD is asked as GET is."""
    return (path, "GET") in known and not path.startswith("/api/")


def packings(asking: Asking, person: Person) -> None:
    """A packed answer holds no more than the plain one, and one that cannot be understood tells no more than that."""
    for operation, path, query in (("list_incidents", {}, {"state": "closed"}), ("list_areas", {}, {"level": "cell", "edition": "1"})):
        packed = asking.ask(person, operation, path, query, headers={"Accept-Encoding": "gzip"})
        plain = asking.ask(person, operation, path, query)
        if (packed.status_code, packed.text) != (plain.status_code, plain.text):
            asking.fault(person, asking.operation(operation), packed, "holds something else when it is packed")
    for query in ({"area": T1, "limit": "none"}, {"state": "zzz"}, {"bbox": "1,2,3"}, {"after": "zzz"}):
        answer = asking.ask(person, "list_incidents", {}, query)
        if may(person, "incident.read") and answer.status_code not in {401, 404, 422}:
            asking.fault(person, asking.operation("list_incidents"), answer, "is understood")
