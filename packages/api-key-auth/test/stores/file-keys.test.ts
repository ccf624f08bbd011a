import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { ApiKeys, fileKeys, type KeyStoreEvent } from '../../src/index.ts'

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

async function until(condition: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 1000 && !condition(); tries++) await new Promise((done) => setTimeout(done, 10))
  return condition()
}

const entry = (id: string, digit: string) =>
  `  - id: ${id} # of ${id}\n    hash: sha256:${digit.repeat(64)}\n    consumer: ${id}\n`

test('what people wrote around the keys stays, and the file is its owner’s alone', async (t) => {
  const path = join(folderOf(t), 'keys.yaml')
  writeFileSync(path, `# ours\nkeys:\n${entry('a', '1')}  # the mobile app\n${entry('b', '2')}`)
  const keys = new ApiKeys({ store: fileKeys(path) })
  t.teardown(() => keys.close())
  const { key, record } = await keys.create({
    consumer: 'c',
    expiresAt: '2999-01-01T00:00:00Z',
    scopes: ['x'],
  })
  const text = readFileSync(path, 'utf8')
  t.match(text, /^# ours\n/)
  t.match(text, '# the mobile app')
  t.match(text, '# of a')
  t.match(text, 'expiresAt: 2999-01-01T00:00:00.000Z')
  t.notMatch(text, key)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.same(readdirSync(join(path, '..')), ['keys.yaml'], 'no drafts and locks are left')
  const other = fileKeys(path)
  t.match(other.get(record.id), { consumer: 'c' })
  await keys.remove('a')
  t.notMatch(readFileSync(path, 'utf8'), '# of a')
})

test('edits are followed: in place, by rename, and after the file was away', async (t) => {
  const folder = folderOf(t)
  const path = join(folder, 'keys.yaml')
  const store = fileKeys(path, { pollMs: 50 })
  t.teardown(() => store.close())
  store.watch(() => {})
  t.same(await store.list(), [], 'a file that is not there is empty')
  writeFileSync(path, `keys:\n${entry('a', '1')}`)
  t.ok(await until(() => store.get('a') !== undefined))
  writeFileSync(join(folder, 'new'), `keys:\n${entry('b', '2')}`)
  renameSync(join(folder, 'new'), path)
  t.ok(await until(() => store.get('b') !== undefined && store.get('a') === undefined))
})

test('a bad edit leaves the last good version in force, and says so', async (t) => {
  const path = join(folderOf(t), 'keys.yaml')
  writeFileSync(path, `keys:\n${entry('a', '1')}`)
  const store = fileKeys(path, { pollMs: 50 })
  t.teardown(() => store.close())
  const events: KeyStoreEvent[] = []
  store.watch((event) => events.push(event))
  const last = () => events.at(-1)
  for (const bad of [
    'keys: [',
    'keys: no',
    `keys:\n${entry('a', 'x')}`,
    `keys:\n  - { id: a, key: secret, consumer: a }`,
  ]) {
    events.length = 0
    writeFileSync(path, bad)
    t.ok(await until(() => last()?.type === 'degraded'), bad)
    t.ok(store.get('a'), bad)
  }
  rmSync(path)
  events.length = 0
  t.ok(await until(() => last()?.type === 'degraded'), 'a file that is gone is a bad edit')
  t.ok(store.get('a'))
  writeFileSync(path, `keys:\n${entry('b', '2')}`)
  t.ok(await until(() => store.get('b') !== undefined))
  t.ok(events.some(({ type }) => type === 'recovered'))
})

test('a bad file does not start', async (t) => {
  const path = join(folderOf(t), 'keys.yaml')
  writeFileSync(
    path,
    'keys:\n  - { id: "a b", consumer: a, hash: 12, scopes: x, cidrs: [nowhere], rateLimit: { max: -1 }, extra: 1 }\n',
  )
  try {
    fileKeys(path)
    t.fail('it started')
  } catch (error: any) {
    t.same(
      error.problems.map((problem: any) => problem.path).sort(),
      ['cidrs', 'extra', 'hash', 'id', 'rateLimit.max', 'rateLimit.windowMs', 'scopes'].map(
        (name) => `keys[0].${name}`,
      ),
    )
    t.match(
      error.message,
      'keys[0].cidrs: expected a list of addresses and CIDR blocks, received ["nowhere"]',
    )
  }
})

test('two processes that write at once lose nothing', async (t) => {
  const path = join(folderOf(t), 'keys.yaml')
  const both = [new ApiKeys({ store: fileKeys(path) }), new ApiKeys({ store: fileKeys(path) })]
  t.teardown(() => Promise.all(both.map((keys) => keys.close())))
  await Promise.all(Array.from({ length: 20 }, (_, i) => both[i % 2]?.create({ consumer: `c${i}` })))
  t.equal((await fileKeys(path).list()).length, 20)
})

test('the lock of a dead process does not stop others for ever', async (t) => {
  const path = join(folderOf(t), 'keys.yaml')
  writeFileSync(`${path}.lock`, '')
  const longAgo = new Date(Date.now() - 60_000)
  utimesSync(`${path}.lock`, longAgo, longAgo)
  const keys = new ApiKeys({ store: fileKeys(path) })
  t.teardown(() => keys.close())
  t.ok(await keys.create({ consumer: 'a' }))
})

test('uses are written when they are news', async (t) => {
  const path = join(folderOf(t), 'keys.yaml')
  writeFileSync(path, `keys:\n${entry('a', '1')}`)
  const store = fileKeys(path, { usesMs: 1000 })
  t.teardown(() => store.close())
  await store.touch(new Map([['a', 10_000]]))
  t.match(readFileSync(path, 'utf8'), 'lastUsedAt: 1970-01-01T00:00:10.000Z')
  await store.touch(new Map([['a', 10_999]]))
  t.match(readFileSync(path, 'utf8'), 'lastUsedAt: 1970-01-01T00:00:10.000Z')
  await store.touch(new Map([['a', 11_000]]))
  t.match(readFileSync(path, 'utf8'), 'lastUsedAt: 1970-01-01T00:00:11.000Z')
})
