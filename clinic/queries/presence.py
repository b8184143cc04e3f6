"""Who is watching which topics at present."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from clinic import clock
from clinic.models import Person, Viewing
from clinic.queries.rights import Rights, rights_now
from clinic.topics import Topic


@dataclass(frozen=True, slots=True)
class Present:
    """Of each topic those people who may watch it, and whose sessions may be told so."""

    people: Mapping[Topic, list[Person]]
    rights: Rights


def viewings_elsewhere(topics: Collection[str], process: str) -> list[tuple[str, int, datetime]]:
    """Topic, person and until when that stands, as the other web processes say."""
    standing = Viewing.objects.filter(topic__in=topics, until__gt=clock.now())
    return list(standing.exclude(process=process).values_list("topic", "person_id", "until"))


def present_people(
    watching: Mapping[Topic, Collection[int]], sessions: Collection[uuid.UUID]
) -> Present:
    """Asked of the database at this moment: a mark of somebody who has lost the right shows nobody."""
    rights = rights_now(sessions, watching)
    ids = {person_id for each in watching.values() for person_id in each}
    people = Person.objects.in_bulk(ids)
    return Present(
        {
            topic: [
                people[person_id]
                for person_id in sorted(each)
                if person_id in people and rights.person_may_watch(people[person_id], topic)
            ]
            for topic, each in watching.items()
        },
        rights,
    )
