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
    """HEAD, OPTIONS and methods that are not described tell nothing, whoever asks."""
    for operation in asking.some(asking.operations.values()):
        path, query = next(questions(asking.world, operation))
        for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "TRACE"):
            if (operation.path, method) not in {(each.path, each.method) for each in asking.operations.values()}:
                answer = asking.ask(person, operation, path, query, method=method, headers=asking.changes(person))
                if answer.status_code not in {401, 403, 404, 405}:
                    asking.fault(person, operation, answer, "is answered")


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
