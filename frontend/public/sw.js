/**
 * Tells of news while no tab is open. It keeps nothing and answers no request: the app always comes from the service.
 * A push says nothing but that there is news, so these words stand here; they are those of i18n/en.json.
 */
const TITLE = 'News from your clinic'
const BODY = 'Open the app to read it.'

// Of several, the last one stays.
const TAG = 'news'
const INBOX = '/inbox'
const NOT_THE_APP = /^\/(admin|api|static)\//

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('push', (event) => event.waitUntil(tell()))
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open())
})

/** Always: a push that shows nothing costs the permission in some browsers. */
function tell() {
  return self.registration.showNotification(TITLE, {
    body: BODY,
    tag: TAG,
    renotify: true,
    icon: '/assets/mark.svg',
  })
}

/** To the app as it stands, where it is open: what somebody is typing there stays. */
async function open() {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const apps = windows.filter((each) => !NOT_THE_APP.test(new URL(each.url).pathname))
  const app = apps.find((each) => each.visibilityState === 'visible') ?? apps[0]
  return app ? app.focus() : self.clients.openWindow(INBOX)
}
