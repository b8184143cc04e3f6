"""Who may watch what at this moment, for sessions and topics at once."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from clinic.policy import Actor, may_watch
from clinic.queries.records import readers_of
from clinic.queries.sessions import Viewer, viewers_behind
from clinic.topics import Topic, TopicKind


@dataclass(frozen=True, slots=True)
class Rights:
    """What was true at one moment: the people behind sessions, and who may read which record."""

    viewers: Mapping[uuid.UUID, Viewer]
    readers: Mapping[int, frozenset[int]]

    def answer_for(self, topic: Topic) -> bool:
        """Whether this topic was among those that were asked about."""
        return topic.kind is not TopicKind.RECORD or topic.owner in self.readers

    def may_watch(self, session_id: uuid.UUID, topic: Topic) -> bool:
        viewer = self.viewers.get(session_id)
        return viewer is not None and self.person_may_watch(viewer, topic)

    def person_may_watch(self, person: Actor, topic: Topic) -> bool:
        readers = self.readers.get(topic.owner, frozenset()) if topic.owner is not None else ()
        return may_watch(person, topic, readers=readers)


def rights_now(sessions: Collection[uuid.UUID], topics: Collection[Topic]) -> Rights:
    """In one query; one more where topics are about records."""
    records = {
        topic.owner
        for topic in topics
        if topic.kind is TopicKind.RECORD and topic.owner is not None
    }
    return Rights(viewers_behind(sessions), readers_of(records))
