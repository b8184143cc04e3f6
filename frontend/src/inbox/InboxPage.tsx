/** Everything this person was told, newest first. */
export function InboxPage() {
  return null
}
