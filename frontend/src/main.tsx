/** Starts the app. */
import '@fontsource-variable/figtree/wght.css'
// The order of the layers is set by the first sheet that names them.
import './theme/base.css'
import './theme/tokens.css'
import '@mantine/core/styles.layer.css'
import './theme/nonce'
import './i18n/catalogue'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { session } from './auth/session'
import { endPushOnSignOut } from './push/browser'
import { followSession } from './realtime/connection'

followSession()
endPushOnSignOut(session)
void session.restore()

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
