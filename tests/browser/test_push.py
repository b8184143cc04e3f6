"""Being told of news while the app is closed: turned on with a tap, shown by the worker, over with signing out."""

from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from clinic.models import PushSubscription
from tests.browser.visits import Visits, remember
from tests.servers.process import wait_until
from tests.servers.web import Web
from tests.world import a_patient

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.notifications]

ENDPOINT: Final = "https://push.example/send/phone"
# The browser's push service is the one thing here that is not real: it is on the internet.
PUSH_SERVICE: Final = """
const stored = () => sessionStorage.getItem('push service')
const subscription = () => stored() && ({
  endpoint: stored(),
  options: { applicationServerKey: null },
  unsubscribe: async () => { sessionStorage.removeItem('push service'); return true },
})
PushManager.prototype.getSubscription = async () => subscription() || null
PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
  if (!userVisibleOnly || !/^B[\\w-]{86}$/.test(applicationServerKey)) throw new TypeError('refused')
  sessionStorage.setItem('push service', 'ENDPOINT')
  return subscription()
}
""".replace("ENDPOINT", ENDPOINT)


def deliver_push(page: Page, web: Web) -> None:
    """As the browser does when its push service has something for it."""
    devtools = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(event["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    while not found:
        page.wait_for_timeout(20)  # until the browser has said which registrations there are
    [registration] = {each["registrationId"] for each in found}
    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": web.base_url, "registrationId": registration, "data": ""},
    )


SHOWN: Final = """async () => {
  const registration = await navigator.serviceWorker.ready
  let shown = []
  while (shown.length === 0) {
    shown = await registration.getNotifications()
    await new Promise((done) => setTimeout(done, 20))
  }
  return shown.map(({ title, body }) => [title, body])
}"""


def test_a_browser_is_told_from_a_tap_until_its_person_signs_out(web: Web, visit: Visits) -> None:
    page = visit(web, None, "/sign-in", permissions=["notifications"])
    remember(page.context, a_patient("ana"))
    page.context.add_init_script(PUSH_SERVICE)
    page.goto(f"{web.base_url}/account")
    switch = page.get_by_role("switch", name="Tell me on this device")
    expect(switch).not_to_be_checked()
    assert (
        page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    )

    switch.click()
    expect(switch).to_be_enabled()
    expect(switch).to_be_checked()
    assert [each.endpoint for each in PushSubscription.objects.all()] == [ENDPOINT]

    script = page.request.get(f"{web.base_url}/sw.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "default-src 'self'" in script.headers["content-security-policy"]

    deliver_push(page, web)
    # Asked again and again: a browser without a desktop takes it away by itself.
    assert page.evaluate(SHOWN) == [["News from your clinic", "Open the app to read it."]]

    page.reload()
    expect(switch).to_be_checked()
    page.get_by_role("button", name="Sign out on this device").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.wait_for_function("sessionStorage.getItem('push service') === null")
    wait_until(
        lambda: not PushSubscription.objects.filter(session__ended_at=None).exists(),
        seconds=10,
        what="the end of the session",
    )


def test_a_browser_that_blocks_notifications_says_so(web: Web, visit: Visits) -> None:
    page = visit(web, a_patient("ana"), "/account")
    assert page.evaluate("Notification.permission") == "default"

    # Nobody is there to say yes.
    page.get_by_role("switch", name="Tell me on this device").click()

    expect(page.get_by_text("This browser blocks notifications of the clinic.")).to_be_visible()
    expect(page.get_by_role("switch", name="Tell me on this device")).to_have_count(0)
