/** What the page's own styles carry: the content security policy refuses all that is written into the page without it. */
const said = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')

export const styleNonce = said?.nonce ?? ''

// Where the lock on scrolling behind a dialog looks for it (get-nonce).
Object.assign(globalThis, { __webpack_nonce__: styleNonce || undefined })
