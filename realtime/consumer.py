"""The socket: reads commands, answers them, and hands events on. It never grows with the catalogue."""

import asyncio
import uuid
from collections import deque
from typing import Any

import structlog
from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError

from clinic import clock, metrics
from clinic.errors import TokenInvalid
from clinic.models import Role
from clinic.policy import usual_topics
from clinic.queries.rights import Rights
from clinic.queries.sessions import Viewer
from clinic.topics import NoSuchTopic, Topic, parse_topic
from realtime import closing, departure, frames, refusals
from realtime.closing import Closing
from realtime.frames import Mode, ReadyFrame, ResetReason
from realtime.hub import Hub, this_hub
from realtime.limits import Bucket, Strikes, network_of_scope, told_limits
from realtime.pump import Subscription
from realtime.reads import Identity, identify, position
from realtime.refusals import Refusal
from realtime.wire import WIRE, Wire

log = structlog.get_logger(__name__)
# Where most clients say of a frame that it acknowledges.
ACK_MARK, ACK_MARK_WITHIN = '"ack"', 20


class ClinicSocket(AsyncWebsocketConsumer):
    """One connection of one signed-in session.

    Frames are taken in as they come; commands are worked off in order by one task, so that a slow one
    never holds up acknowledgements. Events are sent by subscriptions only (realtime/pump.py).
    """

    # Sockets must open while Redis is down, so they have no channel of their own: the hub has.

    hub: Hub
    viewer: Viewer
    session_id: uuid.UUID

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loop = asyncio.get_running_loop()
        self.identity: Identity | None = None
        self.authenticated_at = 0.0
        self.subscriptions: dict[str, Subscription] = {}
        self._closed = False
        self._warned_of_expiry = False
        self._commands: deque[frames.Request] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._auth_timer: asyncio.TimerHandle | None = None
        self._for_commands = self._bucket()
        self._for_idle_acks = self._bucket()
        self._strikes = Strikes(
            limit=settings.SOCKET_BAD_FRAMES_PER_MINUTE, seconds=60, clock=self.loop.time
        )
        self._unacked = 0
        self._window = settings.SOCKET_ACK_WINDOW  # asked at every event: a setting takes longer
        self._moved_at = self.loop.time()
        self._sent_at = self.loop.time()
        self._network = ""
        self._counted = False
        self._wire: Wire | None = None
        self._wire_full = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # Our own server writes what is encoded once for all; under any other one it is sent as text.
        self._wire = scope.get("extensions", {}).get(WIRE)
        if self._wire is not None:
            self._wire.report_to(self)
        self.scope, self.base_send = scope, send
        try:
            # Without a channel there is one thing to wait for; Channels' own loop makes tasks for many.
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        finally:
            self._release()  # also when the server gives up on us

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own hops to a thread before every message, to close connections we do not have.
        await getattr(self, get_handler_name(message))(message)

    # -- opening and closing ----------------------------------------------------------------------

    async def connect(self) -> None:
        self.hub = this_hub()
        self._network = network_of_scope(self.scope)
        offered = frames.PROTOCOL in self.scope.get("subprotocols", [])
        await self.accept(frames.PROTOCOL if offered else None)
        departure.here.sockets.add(self)
        metrics.CONNECTS.inc()
        self.hub.unauthenticated[self._network] += 1
        self._counted = True
        if departure.here.begun:
            await self.part(closing.GOING_AWAY)
            return
        if self.hub.unauthenticated[self._network] > settings.SOCKETS_UNAUTHENTICATED_PER_ADDRESS:
            await self.part(closing.TOO_MANY_FRAMES)
            return
        self._auth_timer = self.loop.call_later(settings.SOCKET_AUTH_SECONDS, self._auth_overdue)
        await self.send_text(_welcome())

    async def disconnect(self, code: int) -> None:
        if not self._closed:
            metrics.closed_by_client(code)
        raise StopConsumer

    async def part(self, why: Closing) -> None:
        """Say why, then close."""
        if not self._closed:
            self._release()
            metrics.CLOSES.labels("server", str(why.status), why.code).inc()
            log.info("socket_closed", code=why.code, status=why.status)
            await self._write({"type": "websocket.send", "text": why.frame()})
            await self._write({"type": "websocket.close", "code": why.status})

    async def send_event(self, event: ReadyFrame) -> None:
        if self._wire is None:
            await self.send_text(event.text)
        elif not self._closed:
            self._sent_at = self.loop.time()
            self._wire.write_ready(event.wire)

    async def send_text(self, text: str) -> None:
        if not self._closed:
            self._sent_at = self.loop.time()
            await self._write({"type": "websocket.send", "text": text})

    async def _write(self, message: Any) -> None:
        try:
            await self.base_send(message)
        except Exception as error:  # noqa: BLE001 (the peer is gone; its disconnect is on the way)
            log.debug("socket_write_failed", error=type(error).__name__)
            self._release()

    def _release(self) -> None:
        """Give back everything this socket holds. Safe to call again."""
        if self._closed:
            return
        self._closed = True
        departure.here.sockets.discard(self)
        self._stop_waiting_for_auth()
        for subscription in list(self.subscriptions.values()):
            subscription.close()
        self.subscriptions.clear()
        if self.identity is not None:
            self.hub.forget(self)
        if self._worker is not None and self._worker is not asyncio.current_task():
            self._worker.cancel()

    def _stop_waiting_for_auth(self) -> None:
        if self._counted:
            self._counted = False
            self.hub.unauthenticated[self._network] -= 1
            if not self.hub.unauthenticated[self._network]:
                del self.hub.unauthenticated[self._network]
        if self._auth_timer is not None:
            self._auth_timer.cancel()
            self._auth_timer = None

    def _auth_overdue(self) -> None:
        # Who has sent it in time and waits for us only loads us again by coming back.
        if not self._signing_in_or_signed_in():
            self.loop.create_task(self.part(closing.AUTH_TIMEOUT))

    # -- the wire (realtime.wire.Listener) --------------------------------------------------------

    def takes(self, text: str) -> bool:
        """Take an acknowledgement as it comes: who watches much sends little else.

        What acknowledges nothing, and everything that is not one, comes in as a message.
        """
        if self.identity is None or ACK_MARK not in text[:ACK_MARK_WITHIN]:
            return False
        if self._closed or len(text) > settings.SOCKET_FRAME_MAX_BYTES // 4:
            return False
        try:
            command = frames.parse_command(text)
        except frames.BadFrame:
            return False
        return isinstance(command, frames.Ack) and self._acknowledge(command)

    def wire_is_full(self) -> None:
        self._wire_full = True
        self._moved_at = self.loop.time()

    def wire_is_free(self) -> None:
        self._wire_full = False
        self._moved_at = self.loop.time()
        self._read_on()

    def wire_is_flooded(self) -> None:
        self.loop.create_task(self.part(closing.TOO_MANY_FRAMES))

    # -- frames from the client -------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._closed:
            return
        try:
            command = self._parse(text_data)
        except frames.BadFrame as bad:
            await self._refuse_frame(bad)
            return
        if isinstance(command, frames.Ack):
            # Those that acknowledge something cannot be more than events; the others could be endless.
            if not self._acknowledge(command) and not self._for_idle_acks.take():
                await self.part(closing.TOO_MANY_FRAMES)
        elif not self._for_commands.take():
            await self.part(closing.TOO_MANY_FRAMES)
        elif len(self._commands) >= settings.SOCKET_COMMAND_BURST:
            # It asks no faster than it may: we do not get to it.
            await self.part(closing.OVERLOADED)
        else:
            self._commands.append(command)
            if self._worker is None:
                self._worker = self.loop.create_task(self._work())

    def _bucket(self) -> Bucket:
        return Bucket(
            burst=settings.SOCKET_COMMAND_BURST,
            rate=settings.SOCKET_COMMANDS_PER_SECOND,
            clock=self.loop.time,
        )

    def _parse(self, text: str | None) -> frames.Command:
        limit = (
            settings.SOCKET_FRAME_MAX_BYTES
            if self.identity is not None
            else settings.SOCKET_AUTH_MAX_BYTES
        )
        if text is None or len(text.encode(errors="surrogatepass")) > limit:
            raise frames.BadFrame
        command = frames.parse_command(text)
        if not self._signing_in_or_signed_in() and not isinstance(command, frames.Auth):
            raise frames.BadFrame(getattr(command, "id", None))
        return command

    def _signing_in_or_signed_in(self) -> bool:
        return self.identity is not None or self._worker is not None

    async def _refuse_frame(self, bad: frames.BadFrame) -> None:
        if not self._signing_in_or_signed_in():
            await self._refuse(bad.command_id, refusals.NOT_SIGNED_IN)
            await self.part(closing.UNAUTHENTICATED)
            return
        await self._refuse(bad.command_id, refusals.BAD_FRAME)
        if self._strikes.strike():
            await self.part(closing.BAD_FRAMES)

    async def _work(self) -> None:
        try:
            while self._commands and not self._closed:
                await self._answer(self._commands.popleft())
        finally:
            self._worker = None

    async def _answer(self, command: frames.Request) -> None:
        try:
            match command:
                case frames.Auth():
                    await self._authenticate(command)
                case frames.Watch():
                    await self._watch(command)
                case frames.Unwatch():
                    await self._unwatch(command)
                case frames.Ping():
                    await self.send_text(frames.Done(re=command.id).text())
        except TokenInvalid:
            await self._refuse(command.id, refusals.TOKEN_INVALID)
            await self.part(closing.UNAUTHENTICATED)
        except NoSuchTopic:
            await self._refuse(command.id, refusals.NO_SUCH_TOPIC)
        except DatabaseError as error:
            log.warning("command_failed", op=command.op, error=type(error).__name__)
            await self._refuse(command.id, refusals.UNAVAILABLE)
            if self.identity is None:
                await self.part(closing.OVERLOADED)
        except Exception:
            # A mistake of ours must not leave a client waiting for its answer.
            log.exception("command_failed", op=command.op)
            await self.part(closing.OVERLOADED)

    async def _refuse(self, command_id: int | None, why: Refusal) -> None:
        await self.send_text(why.frame(command_id))

    # -- who --------------------------------------------------------------------------------------

    async def _authenticate(self, command: frames.Auth) -> None:
        identity = await self.hub.reads.run(identify, command.token)
        if self._closed:
            return
        if self.identity is None:
            await self._enter(identity)
        elif self._is_other(identity):
            await self.part(closing.OTHER_USER)
            return
        self.identity = identity
        self.viewer = identity.viewer
        self._warned_of_expiry = False
        await self.send_text(_authenticated(command.id, identity))

    async def _enter(self, identity: Identity) -> None:
        self._stop_waiting_for_auth()
        self.identity = identity
        self.viewer, self.session_id = identity.viewer, identity.session_id
        self.authenticated_at = self.loop.time()
        for oldest in self.hub.admit(self):
            await oldest.part(closing.TOO_MANY_SOCKETS)

    def _is_other(self, identity: Identity) -> bool:
        return identity.viewer.pk != self.viewer.pk or identity.session_id != self.session_id

    async def apply_rights(self, rights: Rights) -> None:
        """What the database says of this session now; nothing means that it has ended."""
        viewer = rights.viewers.get(self.session_id)
        if viewer is None:
            await self.part(closing.SESSION_ENDED)
        elif not viewer.is_active:
            await self.part(closing.FORBIDDEN)
        else:
            self.viewer = viewer
            for subscription in list(self.subscriptions.values()):
                topic = subscription.topic
                # One that was joined meanwhile has just been asked about by itself.
                if rights.answer_for(topic) and not rights.may_watch(self.session_id, topic):
                    await subscription.revoke()

    # -- what -------------------------------------------------------------------------------------

    async def _watch(self, command: frames.Watch) -> None:
        topic = parse_topic(command.topic)
        if await self._is_refused(command):
            return
        # From here on the feed is woken; only then may the database be asked where the topic stands.
        feed = self.hub.feed(topic)
        subscription = Subscription(self, feed)
        feed.join(subscription)
        self._leave(topic)
        answered = metrics.from_now_on(metrics.WATCH_SECONDS)
        try:
            place = await self.hub.replays.run(position, topic, self.session_id)
        except BaseException:
            subscription.close()
            raise
        finally:
            answered(None)
        if self._closed:
            subscription.close()
            return
        reason = _reason_to_reset(command, place.epoch, place.head, place.first_kept)
        mode: Mode = "reset" if reason else "fresh" if command.since is None else "resumed"
        watching = frames.Watching(
            re=command.id,
            topic=str(topic),
            head=place.head,
            epoch=place.epoch,
            mode=mode,
            reason=reason,
        )
        metrics.WATCHES.labels(mode, reason or "").inc()
        await self.send_text(watching.text())
        if reason:
            subscription.close()
            return
        self.subscriptions[str(topic)] = subscription
        feed.head = max(feed.head, place.head)
        subscription.begin(place.head if command.since is None else command.since)

    async def _is_refused(self, command: frames.Watch) -> bool:
        known = command.topic in self.subscriptions
        if not known and len(self.subscriptions) >= settings.SOCKET_TOPICS:
            await self._refuse(command.id, refusals.TOO_MANY_TOPICS)
            return True
        if self.hub.replays.waiting >= settings.REPLAYS_WAITING:
            metrics.WATCHES.labels("refused", "overloaded").inc()
            await self._refuse(command.id, refusals.OVERLOADED)
            return True
        return False

    async def _unwatch(self, command: frames.Unwatch) -> None:
        if command.topic not in self.subscriptions:
            raise NoSuchTopic
        self._leave(parse_topic(command.topic))
        await self.send_text(frames.Done(re=command.id).text())

    def _leave(self, topic: Topic) -> None:
        subscription = self.subscriptions.get(str(topic))
        if subscription is not None:
            subscription.close()
            self.drop(subscription)

    # -- flow (realtime.pump.Socket) --------------------------------------------------------------

    def has_room(self) -> bool:
        is_open = not self._closed and not self._wire_full
        return is_open and self._unacked < self._window

    def sent_events(self, count: int) -> None:
        self._unacked += count
        self._moved_at = self.loop.time()

    def drop(self, subscription: Subscription) -> None:
        """A subscription has ended: its events need no acknowledgement any more."""
        if self.subscriptions.get(str(subscription.topic)) is subscription:
            del self.subscriptions[str(subscription.topic)]
            self._unacked -= subscription.cursor - subscription.acked
            self._read_on()

    def _acknowledge(self, command: frames.Ack) -> bool:
        """Whether that acknowledged anything."""
        before, had_room = self._unacked, self.has_room()
        for topic, seq in command.topics.items():
            subscription = self.subscriptions.get(topic)
            if subscription is not None and subscription.acked < seq <= subscription.cursor:
                self._unacked -= seq - subscription.acked
                subscription.acked = seq
        if self._unacked == before:
            return False
        self._moved_at = self.loop.time()
        if not had_room:
            self._read_on()
        return True

    def _read_on(self) -> None:
        if self.has_room():
            for subscription in self.subscriptions.values():
                subscription.catch_up()

    # -- time -------------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Once a second: what is due on this socket."""
        if self._closed or self.identity is None:
            return
        left = (self.identity.expires_at - clock.now()).total_seconds()
        if left <= 0:
            await self.part(closing.TOKEN_EXPIRED)
        elif self._is_stalled():
            await self.part(closing.NOT_ACKNOWLEDGING)
        elif left <= settings.SOCKET_RENEWAL_NOTICE_SECONDS and not self._warned_of_expiry:
            self._warned_of_expiry = True
            notice = frames.AuthExpiring(expires_at=self.identity.expires_at)
            await self.send_text(notice.text())
        elif self.loop.time() - self._sent_at >= settings.SOCKET_HEARTBEAT_SECONDS:
            heads = {name: one.feed.head for name, one in self.subscriptions.items()}
            await self.send_text(frames.Heartbeat(heads=heads, time=clock.now()).text())

    def _is_stalled(self) -> bool:
        stalled_for = self.loop.time() - self._moved_at
        return not self.has_room() and stalled_for > settings.SOCKET_ACK_STALL_SECONDS


def _welcome() -> str:
    return frames.Welcome(
        time=clock.now(), heartbeat_s=settings.SOCKET_HEARTBEAT_SECONDS, limits=told_limits()
    ).text()


def _authenticated(command_id: int, identity: Identity) -> str:
    viewer = identity.viewer
    return frames.Authenticated(
        re=command_id,
        user=frames.User(id=viewer.pk, name=identity.name, role=Role(viewer.role)),
        expires_at=identity.expires_at,
        epoch=identity.epoch,
        topics=[str(topic) for topic in usual_topics(viewer)],
    ).text()


def _reason_to_reset(
    command: frames.Watch, epoch: str, head: int, first_kept: int
) -> ResetReason | None:
    if command.epoch is not None and command.epoch != epoch:
        return "other_epoch"
    if command.since is None:
        return None
    if command.since > head:
        return "ahead"
    if command.since < first_kept - 1:
        return "too_old"
    return None
