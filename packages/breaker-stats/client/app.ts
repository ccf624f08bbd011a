import { Board } from './board.ts'
import { ConnectionStatus } from './connection.ts'
import { Controls } from './controls.ts'
import { Detail } from './detail.ts'
import { byId, setText } from './dom.ts'
import { Feed, type Connection } from './feed.ts'
import { PanelRow } from './panels.ts'
import { Session } from './session.ts'
import { SignIn } from './sign-in.ts'
import { Store } from './store.ts'
import { Summary } from './summary.ts'
import { TestButton } from './test-button.ts'
import { themeButton } from './theme.ts'

const addresses = document.documentElement.dataset as Record<
  'stats' | 'live' | 'ticket' | 'frame' | 'test' | 'keyHeader',
  string
>

const store = new Store()
const session = new Session(addresses.keyHeader)
const status = new ConnectionStatus()
const board = new Board(store, openDetail)
const summary = new Summary(store, (state) => summary.showFilter(board.toggleState(state)))
const panels = new PanelRow(store)
const controls = new Controls(session, addresses.stats, () => signIn.ask(''))
const detail = new Detail(store, session, addresses.stats, controls)
const test = new TestButton(session, addresses.test, openDetail, () => signIn.ask(''))

const feed = new Feed(
  session,
  addresses,
  (frame) => {
    const isInOrder = store.apply(frame)
    if (isInOrder) {
      status.frame()
      scheduleUpdate()
    }
    return isInOrder
  },
  onConnection,
)
const signIn = new SignIn(
  session,
  () => feed.start(),
  () => feed.stop(),
)

function onConnection(connection: Connection): void {
  status.show(connection)
  if (connection.kind === 'signed-out') signIn.ask('')
  if (connection.kind === 'refused') signIn.ask(connection.detail)
  if (connection.kind === 'live' || connection.kind === 'polling') signIn.hide()
}

let isScheduled = false

/** However many frames come, the page is drawn once for each picture of the screen. */
function scheduleUpdate(): void {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(() => {
    isScheduled = false
    update()
  })
}

function update(): void {
  summary.update()
  panels.update()
  board.update()
  detail.update()
  test.show(store.test)
  status.update()
  setText(byId('instance'), store.instance)
}

function openDetail(name: string): void {
  location.hash = `/${encodeURIComponent(name)}`
}

/** The breaker looked at is in the address: it can be shared, and the back button closes it. */
function showAddressed(): void {
  const { hash } = location
  const name = hash.startsWith('#/') && hash.length > 2 ? decodeURIComponent(hash.slice(2)) : undefined
  detail.show(name)
  board.select(name)
}

function closeDetail(): void {
  history.pushState(null, '', location.pathname + location.search)
  showAddressed()
}

themeButton(byId('theme') as HTMLButtonElement, () => {
  board.recolour()
  detail.recolour()
})
byId('detail-close').addEventListener('click', closeDetail)
byId('reconnect').addEventListener('click', () => feed.hurry())
addEventListener('hashchange', showAddressed)
addEventListener('popstate', showAddressed)
addEventListener('online', () => feed.hurry())
addEventListener('keydown', (event) => {
  const { target, key } = event
  const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement
  if (key === '/' && !isTyping) {
    event.preventDefault()
    byId('filter').focus()
  } else if (
    key === 'Escape' &&
    detail.name !== undefined &&
    document.querySelector('dialog[open]') === null
  ) {
    closeDetail()
  }
})
setInterval(update, 1_000)
showAddressed()
feed.start()
